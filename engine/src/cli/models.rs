//! `tollgate models`.

use super::Exit;
use super::args::{ModelsArgs, ModelsCommand};
use super::show::Screen;
use crate::Result;
use serde_json::json;
use tollgate_models::{Artefact, Manifest, Store};

pub(super) fn run(args: &ModelsArgs) -> Result<Exit> {
    let (manifest, store) = (Manifest::shipped()?, Store::from_env());
    match &args.command {
        ModelsCommand::List { json } => list(&manifest, &store, *json),
        ModelsCommand::Fetch { names } => fetch(&manifest, &store, names)?,
    }
    Ok(Exit::Done)
}

/// Whether a file is there and right, in a word.
fn state(store: &Store, artefact: &Artefact) -> &'static str {
    match store.find(artefact) {
        Ok(Some(_)) => "here",
        Ok(None) => "not fetched",
        Err(_damaged) => "damaged",
    }
}

fn list(manifest: &Manifest, store: &Store, as_json: bool) {
    if as_json {
        let entry = |a: &Artefact| {
            json!({ "name": a.name, "role": a.role, "path": store.path(a), "sha256": a.sha256, "licence": a.licence,
                    "state": state(store, a), "decode": a.decode, "input": a.input, "output": a.output })
        };
        println!("{}", json!(manifest.artefacts.iter().map(entry).collect::<Vec<_>>()));
        return;
    }
    for a in &manifest.artefacts {
        println!(
            "{}  ({}, {})\n  {}\n  {}  {}",
            a.name,
            a.licence,
            state(store, a),
            a.about,
            store.path(a).display(),
            a.sha256
        );
    }
}

fn fetch(manifest: &Manifest, store: &Store, names: &[String]) -> Result<()> {
    let screen = Screen::new();
    let chosen: Vec<&Artefact> = match names {
        [] => manifest.artefacts.iter().collect(),
        names => names.iter().map(|n| manifest.get(n)).collect::<std::result::Result<_, _>>()?,
    };
    let mut missing = None;
    for artefact in chosen {
        match store.ensure(artefact, &screen) {
            Ok(path) => println!("{}  {}", artefact.name, path.display()),
            // The others are fetched all the same; the failure is still the command's.
            Err(error) => {
                eprintln!("{}: {error}", artefact.name);
                missing = Some(error);
            }
        }
    }
    missing.map_or(Ok(()), |error| Err(error.into()))
}

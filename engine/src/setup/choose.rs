//! Which nets a run uses, and why.

use crate::Result;
use crate::config::{Choice, ModelsConfig, OwnModel};
use tollgate_models::{Artefact, Decode, Error as ModelError, Manifest, ModelInfo, Progress, Role, Store};

/// The nets of a run.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// Finds plates.
    pub detector: ModelInfo,
    /// Reads them.
    pub reader: ModelInfo,
    /// Is asked where the reader is unsure.
    pub second: Option<ModelInfo>,
    /// Why these, a line each, for people.
    pub because: Vec<String>,
}

/// Chooses among what the config names and what can be had.
pub struct Chooser<'a> {
    /// What there is to fetch.
    pub manifest: &'a Manifest,
    /// Where it is kept.
    pub store: &'a Store,
    /// Is told of transfers.
    pub progress: &'a dyn Progress,
}

impl Chooser<'_> {
    /// The nets that the config asks for.
    ///
    /// # Errors
    /// One that is named cannot be had; none of a role can be had; a file has the wrong hash.
    pub fn choose(&self, config: &ModelsConfig) -> Result<Chosen> {
        let mut because = Vec::new();
        let detector = self.one(Role::Detector, &config.detector, &mut because)?;
        let reader = self.one(Role::Reader, &config.reader, &mut because)?;
        let second = if config.second_opinion { self.second(&reader, &mut because)? } else { None };
        Ok(Chosen { detector, reader, second, because })
    }

    fn one(&self, role: Role, choice: &Choice, because: &mut Vec<String>) -> Result<ModelInfo> {
        match choice {
            Choice::Auto => self.best(role, because),
            Choice::Own(own) => own_model(role, own, because),
            Choice::Named(name) => {
                let artefact = self.manifest.get(name)?;
                because.push(format!("{} {name}: named in the config", label(role)));
                self.shipped(artefact)
            }
        }
    }

    /// The most preferred one that can be had. A source out of reach passes on to the next, a wrong hash does not.
    fn best(&self, role: Role, because: &mut Vec<String>) -> Result<ModelInfo> {
        let mut missing = Vec::new();
        let mut last = None;
        for artefact in self.manifest.by_preference(role) {
            match self.shipped(artefact) {
                Ok(info) => {
                    let instead = if missing.is_empty() {
                        "the best there is".into()
                    } else {
                        format!("the best that can be had; {} is out of reach (-v says why)", missing.join(", "))
                    };
                    because.push(format!("{} {}: {instead}", label(role), info.name));
                    return Ok(info);
                }
                Err(crate::Error::Models(error @ ModelError::OutOfReach { .. })) => {
                    tracing::info!(%error, "not to be had");
                    missing.push(artefact.name.clone());
                    last = Some(error);
                }
                Err(other) => return Err(other),
            }
        }
        Err(last.unwrap_or_else(|| self.none_of(role)).into())
    }

    fn none_of(&self, role: Role) -> ModelError {
        ModelError::UnknownArtefact { name: label(role).into(), platform: tollgate_models::platform() }
    }

    /// Another reader than the first, if one can be had: a second opinion is a help, never a condition.
    fn second(&self, first: &ModelInfo, because: &mut Vec<String>) -> Result<Option<ModelInfo>> {
        for artefact in self.manifest.by_preference(Role::Reader) {
            // A general text reader helps a plate reader; the other way round nothing was measured.
            if artefact.sha256 == first.sha256 || first.decode != Decode::Slots || artefact.decode != Some(Decode::Ctc)
            {
                continue;
            }
            match self.shipped(artefact) {
                Ok(info) => {
                    because.push(format!("second opinion {}: where the reader is unsure of a character", info.name));
                    return Ok(Some(info));
                }
                Err(crate::Error::Models(ModelError::OutOfReach { .. })) => {}
                Err(other) => return Err(other),
            }
        }
        because.push("no second opinion: no other reader fits or can be had".into());
        Ok(None)
    }

    fn shipped(&self, artefact: &Artefact) -> Result<ModelInfo> {
        let path = self.store.ensure(artefact, self.progress)?;
        ModelInfo::shipped(artefact, path).ok_or_else(|| {
            ModelError::UnknownArtefact { name: artefact.name.clone(), platform: tollgate_models::platform() }.into()
        })
    }
}

fn own_model(role: Role, own: &OwnModel, because: &mut Vec<String>) -> Result<ModelInfo> {
    let info = ModelInfo::own(&own.path, role, own.decode)?;
    if let Some(expected) = own.sha256.as_ref().filter(|sha| !sha.eq_ignore_ascii_case(&info.sha256)) {
        let (expected, found) = (expected.clone(), info.sha256);
        return Err(ModelError::WrongHash { path: own.path.clone(), expected, found }.into());
    }
    because.push(format!("{} {}: your own, decoded as {:?}", label(role), own.path.display(), own.decode));
    Ok(info)
}

fn label(role: Role) -> &'static str {
    match role {
        Role::Runtime => "runtime",
        Role::Detector => "detector",
        Role::Reader => "reader",
    }
}

//! Checks what goes to files: lakes, captures and exports.

use super::Config;

/// Bytes of a name that becomes a file's, or a consumer group's.
const MAX_NAME_BYTES: usize = 48;

/// Checks the values, and that names can be files' names.
pub(super) fn check(config: &Config) -> Result<(), String> {
    for (name, lake) in &config.sinks.parquet {
        check_name("sinks.parquet", name)?;
        lake.check().map_err(|why| format!("sinks.parquet.{name}: {why}"))?;
    }
    let hubs = config.all_hubs();
    for (name, capture) in &config.capture {
        check_name("capture", name)?;
        capture.check().map_err(|why| format!("capture.{name}: {why}"))?;
        if !hubs.contains_key(&capture.hub) {
            let known: Vec<&str> = hubs.keys().map(String::as_str).collect();
            return Err(format!("capture.{name}: there is no hub `{}`; there are {}", capture.hub, known.join(", ")));
        }
    }
    match &config.export {
        Some(export) => export.check().map_err(|why| format!("export: {why}")),
        None => Ok(()),
    }
}

pub(super) fn check_name(table: &str, name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !name.is_empty() && name.len() <= MAX_NAME_BYTES && name.chars().all(plain) {
        return Ok(());
    }
    Err(format!("[{table}.{name}]: a name has 1 to {MAX_NAME_BYTES} letters, digits, - and _"))
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let lake = "url = \"lake\"\n[[routes]]\nto = [\"a\"]\n";
        for (text, said) in [
            ("[capture.a]\nhub = \"images\"\nurl = \"x\"\nwindow_s = 5", "60 to 900"),
            ("[export]\nto = \"x\"\ncron = \"hourly\"", "cron"),
            ("[export]\nto = \"x\"\n[export.notice]\nwebhook = \"mailto:a\"", "webhook"),
            ("[export]\nto = \"x\"\n[export.notice.mail]\nsmtp = \"smtp://h\"\nfrom = \"a@b\"\nto = []", "nobody"),
            ("[export]\nto = \"x\"\n[export.notice.mail]\nsmtp = \"smtp://h\"\nfrom = \"a\"\nto = [\"a@b\"]", "mail"),
            ("[capture.a]\nhub = \"images\"\nurl = \"x\"\nwindow_mb = 5000", "10 to 500"),
            ("[capture.a]\nhub = \"image\"\nurl = \"x\"", "there are images"),
            ("[capture.a]\nhub = \"images\"\nurl = \"x\"\nnamespace = \"../..\"", "namespace"),
            ("[capture.\"../a\"]\nhub = \"images\"\nurl = \"x\"", "letters"),
            (&format!("[sinks.parquet.a]\nwindow_ms = 0\n{lake}"), "window_ms"),
            (&format!("[sinks.parquet.a]\nwindow_mib = 9999\n{lake}"), "window_mib"),
            (&lake.replace("lake", "ftp://host/x").replacen("url", "[sinks.parquet.a]\nurl", 1), "ftp://host/x"),
        ] {
            let problem = Config::parse(text).unwrap_err();
            assert!(problem.contains(said), "{text}: {problem}");
        }
        let fine = format!("[sinks.parquet.a]\n{lake}[capture.c]\nhub = \"results\"\nurl = \"s3://b/c\"\n");
        assert!(Config::parse(&fine).is_ok());
    }
}

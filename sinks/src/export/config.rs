//! What an export is told.

use std::num::NonZeroUsize;

use serde::Deserialize;

use super::Schedule;

/// `[export]`: when, and where to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportConfig {
    /// When, as a cron expression of five fields; times are UTC. None: only when it is asked for.
    #[serde(default)]
    pub cron: Option<String>,
    /// A folder, or a URL such as `az://exports`. Credentials come from the environment.
    pub to: String,
    /// Rows of a file, at most; what is more goes into the next file of the same run.
    #[serde(default = "max_rows")]
    pub max_rows: NonZeroUsize,
    /// How long one request to an object store may take, tries and all.
    #[serde(default = "timeout_ms")]
    pub timeout_ms: u64,
    /// Who is told when there is nothing to export.
    #[serde(default)]
    pub notice: NoticeConfig,
}

/// `[export.notice]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NoticeConfig {
    /// Gets a CloudEvent by POST.
    pub webhook: Option<String>,
    /// Gets a mail.
    pub mail: Option<MailConfig>,
    /// How long the webhook or the mail server may take to take a notice.
    pub timeout_ms: u64,
    /// How often a notice is tried, at most.
    pub max_attempts: u32,
}

impl Default for NoticeConfig {
    fn default() -> Self {
        Self { webhook: None, mail: None, timeout_ms: 10_000, max_attempts: 3 }
    }
}

/// `mail = { smtp, from, to }`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    /// `smtps://user@host`, `smtp://user@host?tls=required` (STARTTLS), or `smtp://host` without TLS. The password is in
    /// the environment variable `TOLLGATE_SMTP_PASSWORD`.
    pub smtp: String,
    /// The sender.
    pub from: String,
    /// The receivers.
    pub to: Vec<String>,
}

fn max_rows() -> NonZeroUsize {
    NonZeroUsize::new(50_000).unwrap_or(NonZeroUsize::MIN)
}

fn timeout_ms() -> u64 {
    60_000
}

impl ExportConfig {
    /// Checks the values.
    ///
    /// # Errors
    /// A sentence that names the key.
    pub fn check(&self) -> Result<(), String> {
        if let Some(cron) = &self.cron {
            Schedule::parse(cron)?;
        }
        if let Some(webhook) = &self.notice.webhook {
            let parsed = url::Url::parse(webhook).map_err(|error| format!("notice.webhook {webhook:?}: {error}"))?;
            if !matches!(parsed.scheme(), "http" | "https") {
                return Err(format!("notice.webhook is {webhook:?}, but must be an http or https URL"));
            }
        }
        if let Some(mail) = &self.notice.mail {
            super::notice::check_mail(mail)?;
        }
        crate::depot::check_url(&self.to).map_err(|error| error.to_string())
    }
}

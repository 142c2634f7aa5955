//! Notices: somebody is told that there was nothing to export, since a silent scanner looks like a quiet night.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Message, SmtpTransport, Transport};
use serde_json::json;
use tokio::runtime::Handle;
use uuid::Uuid;

use super::{MailConfig, NoticeConfig};
use crate::error::{Error, Result};
use crate::event::EVENT_NAMESPACE;

/// The environment variable with the mail server's password.
const PASSWORD: &str = "TOLLGATE_SMTP_PASSWORD";
/// How long to wait before the second try; twice as long before each further one.
const PAUSE: Duration = Duration::from_millis(500);

/// What is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    /// When the export ran.
    pub time: DateTime<Utc>,
}

impl Notice {
    /// Derives from the time: the notice of a run has the same id however often it is tried.
    fn id(&self) -> Uuid {
        Uuid::new_v5(&EVENT_NAMESPACE, format!("export-empty:{}", self.time.timestamp_micros()).as_bytes())
    }

    fn stamp(&self) -> String {
        self.time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }

    fn event(&self) -> String {
        let message = "nothing to export: no plate was read or reviewed since the last export";
        json!({
            "specversion": "1.0", "id": self.id(), "source": "/tollgate/export", "type": "Export.Empty",
            "time": self.stamp(), "datacontenttype": "application/json", "data": { "message": message }
        })
        .to_string()
    }
}

/// Tells those who are named in the config.
#[derive(Debug)]
pub struct Notifier {
    config: NoticeConfig,
    runtime: Handle,
    client: reqwest::Client,
}

impl Notifier {
    /// A notifier; it waits for the webhook on a runtime.
    ///
    /// # Errors
    /// [`Error::Notice`] when there can be no HTTP client.
    pub fn new(config: NoticeConfig, runtime: Handle) -> Result<Self> {
        // Several parts of the program may come to this first; any of them says the same.
        drop(rustls::crypto::ring::default_provider().install_default());
        let timeout = Duration::from_millis(config.timeout_ms);
        let client = reqwest::Client::builder().timeout(timeout).redirect(reqwest::redirect::Policy::none()).build();
        let client = client.map_err(|source| Error::notice("an HTTP client")(Box::new(source)))?;
        Ok(Self { config, runtime, client })
    }

    /// Tells everybody. Blocks; must not be called on a thread of the runtime.
    ///
    /// # Errors
    /// [`Error::Notice`]: the last of those that could not be told after all tries. The others were.
    pub fn tell(&self, notice: &Notice) -> Result<()> {
        let webhook = self.config.webhook.as_ref().map_or(Ok(()), |url| self.persist(|| self.post(url, notice)));
        let mail = self.config.mail.as_ref().map_or(Ok(()), |mail| self.persist(|| self.mail(mail, notice)));
        webhook.and(mail)
    }

    fn persist(&self, mut attempt: impl FnMut() -> Result<()>) -> Result<()> {
        let mut pause = PAUSE;
        for _ in 1..self.config.max_attempts {
            let Err(error) = attempt() else { return Ok(()) };
            tracing::warn!(%error, again_ms = pause.as_millis(), "a notice is tried again");
            std::thread::sleep(pause);
            pause *= 2;
        }
        attempt()
    }

    fn post(&self, url: &str, notice: &Notice) -> Result<()> {
        let kind = "application/cloudevents+json; charset=UTF-8";
        let request = self.client.post(url).header("content-type", kind).body(notice.event());
        let answer = self.runtime.block_on(async { request.send().await?.error_for_status() });
        answer.map(drop).map_err(|source| Error::notice(url)(Box::new(source)))
    }

    fn mail(&self, config: &MailConfig, notice: &Notice) -> Result<()> {
        let message = message(config, notice)?;
        let builder = SmtpTransport::from_url(&config.smtp);
        let mut builder = builder.map_err(|source| Error::notice(&config.smtp)(Box::new(source)))?;
        if let Some((user, password)) = credentials(config) {
            builder = builder.credentials(Credentials::new(user, password));
        }
        let transport = builder.timeout(Some(Duration::from_millis(self.config.timeout_ms))).build();
        transport.send(&message).map(drop).map_err(|source| Error::notice(&config.smtp)(Box::new(source)))
    }
}

/// The user of the URL, with the password of the environment.
fn credentials(config: &MailConfig) -> Option<(String, String)> {
    let url =
        url::Url::parse(&config.smtp).ok().filter(|url| !url.username().is_empty() && url.password().is_none())?;
    Some((url.username().to_owned(), std::env::var(PASSWORD).ok()?))
}

fn message(config: &MailConfig, notice: &Notice) -> Result<Message> {
    let mailbox = |address: &String| {
        let parsed = address.parse::<Mailbox>();
        parsed.map_err(|source| Error::notice(address)(Box::new(source)))
    };
    let mut builder = Message::builder()
        .from(mailbox(&config.from)?)
        .subject("tollgate: nothing to export")
        .message_id(Some(format!("<{}@tollgate>", notice.id())))
        .date(notice.time.into());
    for to in &config.to {
        builder = builder.to(mailbox(to)?);
    }
    let text =
        format!("The export of {} found nothing: no plate was read or reviewed since the last one.\n", notice.stamp());
    builder.body(text).map_err(|source| Error::notice("those of notice.mail")(Box::new(source)))
}

/// Checks the mail's addresses, without going there.
pub(super) fn check_mail(config: &MailConfig) -> std::result::Result<(), String> {
    if config.to.is_empty() {
        return Err("notice.mail.to names nobody".into());
    }
    let notice = Notice { time: DateTime::UNIX_EPOCH };
    message(config, &notice).map_err(|error| format!("notice.mail: {error}"))?;
    match SmtpTransport::from_url(&config.smtp) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("notice.mail.smtp is {:?}: {error}; write smtps://user@host", config.smtp)),
    }
}

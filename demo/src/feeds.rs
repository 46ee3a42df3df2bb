//! What comes in from outside: a catalogue on a web server of the demo's own, read by the real relay,
//! and a monitoring system's message, posted to the real webhook.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use warproom_client::Client;
use warproom_client::proto::Secret;
use warproom_relay::config::Config;
use warproom_relay::cursor::StateFolder;
use warproom_relay::run::round;

/// A web server with one document.
pub(super) struct Catalogue {
    document: Arc<Mutex<String>>,
    address: String,
    serving: JoinHandle<()>,
}

impl Drop for Catalogue {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Catalogue {
    /// CISA's catalogue as it was early in January 2024, cut to two entries.
    pub(super) async fn open() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = format!("http://{}/known_exploited.json", listener.local_addr()?);
        let document = Arc::new(Mutex::new(catalogue(&[colour_management(), parsing()])));
        let served = document.clone();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let document = served.lock().unwrap_or_else(PoisonError::into_inner).clone();
                // A reader that goes away is its own affair.
                let _ = answer(stream, &document).await;
            }
        });
        Ok(Self { document, address, serving })
    }

    /// 10 January 2024: one more entry.
    pub(super) fn add_ivanti(&self) {
        let entries = [colour_management(), parsing(), ivanti()];
        *self.document.lock().unwrap_or_else(PoisonError::into_inner) = catalogue(&entries);
    }
}

/// Answers one request with the document.
async fn answer(mut stream: TcpStream, document: &str) -> std::io::Result<()> {
    let (mut request, mut buffer) = (Vec::new(), [0; 1024]);
    while !request.ends_with(b"\r\n\r\n") {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        request.extend_from_slice(&buffer[..read]);
    }
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
    let length = document.len();
    stream
        .write_all(format!("{head}Content-Length: {length}\r\n\r\n{document}").as_bytes())
        .await?;
    stream.shutdown().await
}

fn catalogue(entries: &[Value]) -> String {
    json!({
        "title": "CISA Catalog of Known Exploited Vulnerabilities",
        "catalogVersion": format!("2024.01.{:02}", 8 + entries.len()),
        "dateReleased": "2024-01-10T18:00:00Z",
        "count": entries.len(),
        "vulnerabilities": entries,
    })
    .to_string()
}

fn ivanti() -> Value {
    json!({
        "cveID": "CVE-2024-21887",
        "vendorProject": "Ivanti",
        "product": "Connect Secure and Policy Secure",
        "vulnerabilityName": "Ivanti Connect Secure and Policy Secure Command Injection Vulnerability",
        "dateAdded": "2024-01-10",
        "shortDescription": "Ivanti Connect Secure (ICS, formerly known as Pulse Connect Secure) and Ivanti Policy Secure contain a command injection vulnerability in the web components of these products, which can allow an authenticated administrator to send crafted requests to execute code on affected appliances.",
        "requiredAction": "Apply mitigations per vendor instructions or discontinue use of the product if mitigations are unavailable.",
        "dueDate": "2024-01-22",
        "knownRansomwareCampaignUse": "Known",
        "notes": "https://forums.ivanti.com/s/article/KB-CVE-2023-46805-Authentication-Bypass-CVE-2024-21887-Command-Injection-for-Ivanti-Connect-Secure-and-Ivanti-Policy-Secure-Gateways"
    })
}

fn colour_management() -> Value {
    json!({
        "cveID": "CVE-2023-29300",
        "vendorProject": "Adobe",
        "product": "ColdFusion",
        "vulnerabilityName": "Adobe ColdFusion Deserialization of Untrusted Data Vulnerability",
        "dateAdded": "2024-01-08",
        "shortDescription": "Adobe ColdFusion contains a deserialization of untrusted data vulnerability that allows for code execution.",
        "requiredAction": "Apply mitigations per vendor instructions or discontinue use of the product if mitigations are unavailable.",
        "dueDate": "2024-01-29",
        "knownRansomwareCampaignUse": "Unknown",
        "notes": ""
    })
}

fn parsing() -> Value {
    json!({
        "cveID": "CVE-2023-7101",
        "vendorProject": "Spreadsheet::ParseExcel",
        "product": "Spreadsheet::ParseExcel",
        "vulnerabilityName": "Spreadsheet::ParseExcel Remote Code Execution Vulnerability",
        "dateAdded": "2024-01-02",
        "shortDescription": "Spreadsheet::ParseExcel contains a remote code execution vulnerability due to passing unvalidated input from a file into a string-type eval.",
        "requiredAction": "Apply mitigations per vendor instructions or discontinue use of the product if mitigations are unavailable.",
        "dueDate": "2024-01-23",
        "knownRansomwareCampaignUse": "Unknown",
        "notes": ""
    })
}

/// Runs the relay once over the catalogue, as the bot, and says how many alerts it posted.
pub(super) async fn relay(
    folder: &Path,
    catalogue: &Catalogue,
    room: &str,
    bot: &Client,
) -> anyhow::Result<usize> {
    let file = folder.join("relay.toml");
    let address = &catalogue.address;
    let text = format!(
        "state = \"relay\"\n\n[[source]]\nname = \"CISA KEV\"\nkind = \"kev\"\nurl = \"{address}\"\n\
         every = \"15m\"\nrooms = [\"{room}\"]\nlabel = \"TLP:CLEAR\"\npublic = true\n"
    );
    std::fs::write(&file, text)?;
    let config = Config::load(&file)?;
    let shelf = Arc::new(StateFolder::open(&config.state)?);
    let source = Arc::new(config.sources.into_iter().next().context("one source was written")?);
    let done = round(&source, &shelf, bot).await;
    if let Some(failure) = done.failure {
        return Err(failure.into());
    }
    anyhow::ensure!(done.problems.is_empty(), "{:?}", done.problems);
    Ok(done.posted)
}

/// Posts what Prometheus Alertmanager sends when a portal does not answer.
pub(super) async fn portal_is_down(hook: Secret, authority: &Path) -> anyhow::Result<()> {
    let notification = json!({
        "version": "4",
        "groupKey": "{}:{alertname=\"PortalDown\"}",
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "warp",
        "groupLabels": {"alertname": "PortalDown"},
        "commonLabels": {"alertname": "PortalDown", "severity": "critical"},
        "commonAnnotations": {"summary": "The planning portal has not answered for ten minutes"},
        "externalURL": "http://monitoring.internal.example:9093",
        "alerts": [{
            "status": "firing",
            "labels": {"alertname": "PortalDown", "severity": "critical", "service": "planning", "instance": "10.20.30.40:443"},
            "annotations": {"summary": "The planning portal has not answered for ten minutes"},
            "startsAt": "2024-01-18T09:02:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.internal.example:9090/graph",
            "fingerprint": "8d2f1c0b7a6e5d4c"
        }]
    });
    let authority = Certificate::from_pem(&std::fs::read(authority)?)?.to_owned();
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .root_certs(RootCerts::Specific(Arc::new(vec![authority])))
        .build();
    let agent = ureq::Agent::config_builder().tls_config(tls).build().new_agent();
    let body = notification.to_string();
    let post = move || agent.post(hook.expose()).content_type("application/json").send(body);
    tokio::task::spawn_blocking(post).await?.context("the webhook does not take it")?;
    Ok(())
}

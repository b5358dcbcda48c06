//! `souk serve`: the engine until SIGTERM. Prints its addresses, and the first password once.

use std::io::{self, Write};

use clap::Args;

use super::{Application, Endpoints, Failure};
use crate::config::Config;

/// Run the engine: the API, the live feed and the page, until SIGTERM drains it
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  souk serve --sample
  souk serve --config shop.toml --listen 0.0.0.0:8080
  SOUK_SUPERADMIN_PASSWORD=.. souk serve --data-dir /var/lib/souk --log-format json")]
pub struct Serve {
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    pub(super) listen: Option<String>,
    /// Fill an empty data directory with the sample shop: 450 products, about 2,400 SKUs, and payments without money
    #[arg(long)]
    pub(super) sample: bool,
}

impl Serve {
    pub(super) async fn run(self, config: Config, app: &impl Application) -> Result<(), Failure> {
        app.serve(config, self.sample, |endpoints| announce(&mut io::stdout(), &endpoints)).await
    }
}

/// The first line is a contract: `scripts/sample-shop.sh` and the crash tests read the address from it.
fn announce(out: &mut impl Write, endpoints: &Endpoints) {
    let url = format!("{}://{}", endpoints.scheme, endpoints.address);
    let mut text = format!("souk listening on {url}\n");
    text += &format!("  shop      {url}/\n  API       {url}/api/docs\n");
    text += &format!("  live      {}/live\n  health    {url}/readyz   {url}/metrics\n", url.replacen("http", "ws", 1));
    if endpoints.mail_page {
        text += &format!("  mails     {url}/dev/mail\n");
    }
    text += &format!("  durable   {}\n", endpoints.durability);
    if let Some(cluster) = &endpoints.cluster {
        text += &format!("  cluster   {cluster}\n");
    }
    if let Some(password) = &endpoints.superadmin_password {
        text += &format!("  staff     admin@souk.local with password {password} (shown this once)\n");
    }
    // A service's standard output may be closed, which must not stop the service.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_names_the_address() {
        let said = |scheme| {
            let (mut out, address) = (Vec::new(), std::net::SocketAddr::from(([127, 0, 0, 1], 4321)));
            let superadmin_password = Some("p".repeat(20));
            let (durability, cluster, mail_page) = ("local-synced".into(), None, true);
            announce(&mut out, &Endpoints { address, scheme, superadmin_password, durability, mail_page, cluster });
            String::from_utf8(out).expect("text")
        };
        let text = said("http");
        assert_eq!(text.lines().next(), Some("souk listening on http://127.0.0.1:4321"));
        assert!(text.contains("  mails     http://127.0.0.1:4321/dev/mail\n"), "{text}");
        assert!(text.contains("pppp (shown this once)") && text.contains("ws://127.0.0.1:4321/live"), "{text}");
        let text = said("https");
        assert_eq!(text.lines().next(), Some("souk listening on https://127.0.0.1:4321"));
        assert!(text.contains("wss://127.0.0.1:4321/live"), "{text}");
    }
}

//! The shop under load: its address, its staff's token, its catalogue.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use serde::Deserialize;
use tokio::{
    sync::{Mutex, watch},
    task::JoinSet,
    time::sleep,
};

use super::{
    error::{During, LoadError, Result},
    http::{Call, Connection},
    own::{EMAIL, Own},
    plan::{Plan, Staff, Target},
};

/// Products that a run reads, at most.
const PRODUCTS_MAX: usize = 5_000;

pub struct Site {
    address: watch::Sender<Option<SocketAddr>>,
    pub host: Arc<str>,
    /// `Bearer ..` of staff; `None`: operators' requests are not possible.
    token: Option<watch::Sender<Arc<str>>>,
    /// Logs in again before the token ends; ends with the site.
    renewal: JoinSet<()>,
    /// The run's own server. A lock, because `chaos` ends and starts it meanwhile.
    pub own: Mutex<Option<Own>>,
}

/// The SKUs on sale.
#[derive(Default)]
pub struct Shelf {
    /// Paths of every page of 24 products.
    pub pages: Vec<String>,
    pub categories: Vec<String>,
    pub products: Vec<String>,
    pub skus: Vec<Arc<str>>,
}

impl Site {
    /// Starts the run's own server, or reaches the one that is named.
    pub async fn open(plan: &Plan) -> Result<Self> {
        let (address, host, own, staff) = match &plan.target {
            Target::Own { binary, config, dir } => {
                let mut own = Own::new(binary.clone(), config.clone(), dir.clone())?;
                let address = own.start().await?;
                let staff = Staff::Login { email: EMAIL.into(), password: own.password().to_owned() };
                (address, address.to_string(), Some(own), staff)
            }
            Target::Url { url, staff } => {
                let host = host(url)?;
                (resolve(&host).await?, host, None, staff.clone())
            }
        };
        let (address, own) = (watch::Sender::new(Some(address)), Mutex::new(own));
        let mut site = Self { address, host: host.into(), token: None, renewal: JoinSet::new(), own };
        match staff {
            Staff::Token(token) => site.token = Some(watch::Sender::new(format!("Bearer {token}").into())),
            Staff::Login { email, password } => site.stay_logged_in(email, password).await?,
            Staff::Nobody => {}
        }
        Ok(site)
    }

    async fn stay_logged_in(&mut self, email: String, password: String) -> Result<()> {
        let mut guest = self.guest();
        let (token, mut good_for) = log_in(&mut guest, &email, &password).await?;
        let token = watch::Sender::new(token);
        self.token = Some(token.clone());
        self.renewal.spawn(async move {
            loop {
                sleep(good_for / 2).await;
                // Where it fails the old token is good for the other half, and the next try is soon.
                match log_in(&mut guest, &email, &password).await {
                    Ok((renewed, longer)) => {
                        token.send_replace(renewed);
                        good_for = longer;
                    }
                    Err(_) => good_for = (good_for / 2).max(Duration::from_secs(10)),
                }
            }
        });
        Ok(())
    }

    pub fn address(&self) -> Option<SocketAddr> {
        *self.address.borrow()
    }

    /// The server went away, or came back elsewhere.
    pub fn moved(&self, address: Option<SocketAddr>) {
        self.address.send_replace(address);
    }

    pub fn guest(&self) -> Connection {
        Connection::new(self.address.subscribe(), self.host.clone(), None)
    }

    pub fn token(&self) -> Result<Arc<str>> {
        let hint = "operators' requests are part of this scenario: --token, or --email with --password-env";
        self.token.as_ref().map(|token| token.borrow().clone()).ok_or_else(|| LoadError::usage(hint))
    }

    pub fn staff(&self) -> Result<Connection> {
        self.token()?;
        let token = self.token.as_ref().map(watch::Sender::subscribe);
        Ok(Connection::new(self.address.subscribe(), self.host.clone(), token))
    }

    /// Looks through the catalogue.
    pub async fn shelf(&self) -> Result<Shelf> {
        #[derive(Deserialize)]
        struct Page {
            items: Vec<Product>,
            next: Option<String>,
        }
        #[derive(Deserialize)]
        struct Product {
            slug: String,
            skus: Vec<Arc<str>>,
        }
        #[derive(Deserialize)]
        struct Category {
            slug: String,
        }
        let (mut shelf, mut guest) = (Shelf::default(), self.guest());
        let mut path = "/api/products?limit=24".to_owned();
        loop {
            let page: Page = guest.ask(&Call::get(&path)).await.during("the catalogue cannot be read")?;
            shelf.pages.push(path);
            for product in page.items {
                shelf.products.push(format!("/api/products/{}", product.slug));
                shelf.skus.extend(product.skus);
            }
            match page.next {
                Some(next) if shelf.products.len() < PRODUCTS_MAX => {
                    path = format!("/api/products?limit=24&cursor={next}");
                }
                Some(_) | None => break,
            }
        }
        let categories: Vec<Category> =
            guest.ask(&Call::get("/api/categories")).await.during("the categories cannot be read")?;
        let paths = categories.into_iter().map(|it| format!("/api/products?limit=24&category={}", it.slug));
        shelf.categories = paths.collect();
        match shelf.skus.is_empty() {
            true => Err(LoadError::failed("the shop sells nothing: `souk serve --sample` makes a sample shop")),
            false => Ok(shelf),
        }
    }
}

/// `Bearer ..`, and how long it is good for.
async fn log_in(guest: &mut Connection, email: &str, password: &str) -> Result<(Arc<str>, Duration)> {
    #[derive(Deserialize)]
    struct LoggedIn {
        access_token: String,
        expires_in: u64,
    }
    let body = serde_json::json!({"email": email, "password": password}).to_string();
    let answer = guest.ask::<LoggedIn>(&Call::post("/api/auth/login", None, body)).await;
    let LoggedIn { access_token, expires_in } = answer.during(&format!("{email} cannot log in"))?;
    Ok((format!("Bearer {access_token}").into(), Duration::from_secs(expires_in)))
}

/// `http://host:port` as `host:port`.
fn host(url: &str) -> Result<String> {
    let expected = || LoadError::usage(format!("--url {url:?}: http://HOST[:PORT] expected, without a path"));
    if url.starts_with("https://") {
        let words = "this client speaks plain HTTP; measure the shop itself, or a proxy's plain port";
        return Err(LoadError::usage(format!("--url {url:?}: {words}")));
    }
    let host = url.strip_prefix("http://").ok_or_else(expected)?.trim_end_matches('/');
    let bad = host.is_empty() || host.contains(['/', '?', '#', '@', ' ']);
    let named = host.rsplit(']').next().unwrap_or(host).contains(':');
    match (bad, named) {
        (true, _) => Err(expected()),
        (false, true) => Ok(host.to_owned()),
        (false, false) => Ok(format!("{host}:80")),
    }
}

async fn resolve(host: &str) -> Result<SocketAddr> {
    let found = tokio::net::lookup_host(host).await.during(&format!("{host} is not found"))?.next();
    found.ok_or_else(|| LoadError::failed(format!("{host} has no address")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_with_its_port() {
        assert_eq!(host("http://127.0.0.1:8080/").as_deref(), Ok("127.0.0.1:8080"));
        assert_eq!(host("http://shop.example").as_deref(), Ok("shop.example:80"));
        assert_eq!(host("http://[::1]").as_deref(), Ok("[::1]:80"));
        assert_eq!(host("http://[::1]:81").as_deref(), Ok("[::1]:81"));
        for bad in ["", "shop.example", "http://", "http://a/b", "ftp://a", "http://a:b@c", "https://a"] {
            assert!(matches!(host(bad), Err(LoadError::Usage(words)) if words.contains("--url")), "{bad}");
        }
    }
}

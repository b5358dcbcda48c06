//! OpenID providers as configured. None is asked before somebody wants to log in with it.

use crate::{
    app::shop::ShopError,
    config::{Config, OidcProvider, file},
    connectors::oidc::{Authorities, Fetch, Provider, Providers, Setup},
};

use super::first_line;

/// Bytes of a file with an authority's certificates; a longer one is another file.
const AUTHORITIES_BYTES_MAX: u64 = 256 * 1024;

/// `shop`: where people reach it, without a slash at the end.
///
/// # Errors
/// A file that cannot be read, or that has no certificate.
pub(super) fn providers(config: &Config, shop: &str) -> Result<Providers, ShopError> {
    let all = config.identity.oidc.iter().map(|provider| one(provider, shop));
    all.collect::<Result<Vec<_>, _>>().map(Providers::new).map_err(ShopError::Oidc)
}

fn one(provider: &OidcProvider, shop: &str) -> Result<Provider, String> {
    let (name, path) = (&provider.name, &provider.tls_ca_file);
    let authorities = if path.as_os_str().is_empty() {
        Authorities::Web
    } else {
        let text = file::read(path, AUTHORITIES_BYTES_MAX);
        Authorities::Own(text.map_err(|error| format!("{name}: tls_ca_file {}: {error}", path.display()))?)
    };
    let fetch = Fetch::new(&authorities).map_err(|error| format!("{name}: tls_ca_file {}: {error}", path.display()))?;
    // The environment is read with the configuration, and nowhere else.
    if !provider.client_secret_env.is_empty() {
        return Err(format!("{name}: the variable {} was not read", provider.client_secret_env));
    }
    let secret = &provider.client_secret_file;
    let client_secret = match secret.as_os_str().is_empty() {
        true => provider.client_secret.clone(),
        false => first_line(secret).map_err(|why| format!("{name}: client_secret_file {}: {why}", secret.display()))?,
    };
    let setup = Setup {
        name: name.clone(),
        title: provider.title().to_owned(),
        preset: provider.preset,
        issuer: provider.issuer().to_owned(),
        client_id: provider.client_id.clone(),
        client_secret,
        scopes: provider.scopes.clone(),
        callback: format!("{shop}/api/auth/oidc/{name}/callback"),
    };
    Ok(Provider::new(setup, fetch))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_cannot_serve_is_named_without_its_contents() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("hunter2.txt");
        fs::write(&file, "\nhunter2").unwrap();
        let with = |change: &dyn Fn(&mut OidcProvider)| {
            let mut provider = OidcProvider { name: "own".to_owned(), ..OidcProvider::default() };
            provider.issuer = "https://id.example".to_owned();
            change(&mut provider);
            let mut config = Config::default();
            config.identity.oidc = vec![provider];
            providers(&config, "https://shop.example").err().map(|error| error.to_string())
        };
        assert_eq!(with(&|_| {}), None);
        let refused = with(&|provider| provider.client_secret_file = file.clone()).unwrap();
        assert!(refused.contains("own: client_secret_file") && refused.contains("first line"), "{refused}");
        let refused = with(&|provider| provider.tls_ca_file = file.clone()).unwrap();
        assert!(refused.contains("own: tls_ca_file") && refused.contains("no certificate"), "{refused}");
        fs::write(&file, "hunter2\n").unwrap();
        assert_eq!(with(&|provider| provider.client_secret_file = file.clone()), None);
    }
}

//! The certified provider of `tests/oidc/provider.mjs`, as a process of its own; it ends with its test.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};
use souk::config::{OidcProvider, Secret};

/// Where customers reach the shop, as providers know it. Browsers of the tests find the way.
pub const PUBLIC_URL: &str = "https://shop.example";
pub const SECRET: &str = "a secret that both sides know, of 32 characters or more";

pub struct Certified {
    pub issuer: String,
    name: &'static str,
    child: Child,
    /// It serves until this ends, and ends itself where nobody could read what it says.
    _input: ChildStdin,
    _output: BufReader<ChildStdout>,
}

impl Certified {
    /// `people`: who has an account there, each with their claims.
    pub fn start(name: &'static str, people: &Value) -> Self {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oidc");
        assert!(dir.join("node_modules").exists(), "make setup installs the packages of tests/oidc");
        let callback = format!("{PUBLIC_URL}/api/auth/oidc/{name}/callback");
        let client = json!({"client_id": "souk", "client_secret": SECRET, "redirect_uris": [callback]});
        let mut child = Command::new("node")
            .arg(dir.join("provider.mjs"))
            .arg(json!({"client": client, "people": people}).to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node starts");
        let (input, output) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        let (mut issuer, mut output) = (String::new(), BufReader::new(output));
        output.read_line(&mut issuer).expect("its issuer");
        Self { issuer: issuer.trim().to_owned(), name, child, _input: input, _output: output }
    }

    pub fn configured(&self) -> OidcProvider {
        configured(self.name, &self.issuer)
    }
}

impl Drop for Certified {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn configured(name: &str, issuer: &str) -> OidcProvider {
    OidcProvider {
        name: name.to_owned(),
        issuer: issuer.to_owned(),
        client_id: "souk".to_owned(),
        client_secret: Secret::new(SECRET),
        ..OidcProvider::default()
    }
}

/// Somebody whose address the provider vouches for.
pub fn person(email: &str) -> Value {
    json!({"email": email, "email_verified": true, "name": "Ada Lovelace"})
}

//! A shop with a certificate of the test, and a client that speaks TLS with it as a browser does.

use std::{fs, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Method, Request, body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use serde_json::Value;
use souk::config::{Config, Tls};
use tempfile::TempDir;
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::raw::PATIENCE;
use crate::shop::start::{self, Own};

pub const HOST: &str = "shop.example";

pub struct HttpsShop {
    pub own: Own,
    pub files: TempDir,
}

impl HttpsShop {
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let files = TempDir::new().expect("a directory");
        renew(&files);
        let tls =
            Tls { certificate: files.path().join("cert.pem"), key: files.path().join("key.pem"), ..Tls::default() };
        let own = start::own(|config| {
            config.http.tls = tls;
            change(config);
        });
        Self { own: own.await, files }
    }

    pub fn address(&self) -> SocketAddr {
        self.own.app.address
    }

    /// A client from 127.0.0.`n` that trusts the certificate in the files now; `None`: no handshake came about.
    pub async fn client(&self, n: u8) -> Option<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        let file = self.files.path().join("cert.pem");
        roots.add(CertificateDer::from_pem_file(file).expect("a certificate")).expect("a root");
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().expect("versions").with_root_certificates(roots);
        let mut config = config.with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let name = ServerName::try_from(HOST).expect("a name");
        let shaken = TlsConnector::from(Arc::new(config)).connect(name, tcp(self.address(), n).await);
        timeout(PATIENCE, shaken).await.expect("in time").ok()
    }

    pub async fn browser(&self) -> Browser {
        let stream = self.client(1).await.expect("a handshake");
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("HTTP");
        tokio::spawn(connection);
        Browser { sender, cookie: None, token: None }
    }
}

/// A new certificate in the place of the old one.
pub fn renew(files: &TempDir) {
    let made = rcgen::generate_simple_self_signed(vec![HOST.to_owned()]).expect("a certificate");
    fs::write(files.path().join("key.pem"), made.signing_key.serialize_pem()).expect("a file");
    fs::write(files.path().join("cert.pem"), made.cert.pem()).expect("a file");
}

/// A connection from 127.0.0.`n`.
pub async fn tcp(address: SocketAddr, n: u8) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::from(([127, 0, 0, n], 0))).expect("a loopback address");
    socket.connect(address).await.expect("a connection")
}

/// One connection, its cookie and its token.
pub struct Browser {
    sender: http1::SendRequest<Full<Bytes>>,
    pub cookie: Option<String>,
    pub token: Option<String>,
}

impl Browser {
    pub async fn get(&mut self, path: &str) -> (u16, HeaderMap, Value) {
        self.send(Method::GET, path, None).await
    }

    /// An answer that is no JSON.
    pub async fn text(&mut self, path: &str) -> String {
        String::from_utf8(self.asked(Method::GET, path, None).await.2.to_vec()).expect("text")
    }

    pub async fn send(&mut self, method: Method, path: &str, body: Option<Value>) -> (u16, HeaderMap, Value) {
        let (status, headers, bytes) = self.asked(method, path, body).await;
        (status, headers, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn asked(&mut self, method: Method, path: &str, body: Option<Value>) -> (u16, HeaderMap, Bytes) {
        let mut request = Request::builder().method(method).uri(path).header("host", HOST);
        request = request.header("origin", format!("https://{HOST}"));
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        request =
            request.header("content-type", "application/json").header("idempotency-key", crate::shop::fresh_key());
        let request = request.body(Full::new(body)).expect("a request");
        self.sender.ready().await.expect("an open connection");
        let response = timeout(PATIENCE, self.sender.send_request(request)).await.expect("in time").expect("an answer");
        let (head, body): (_, Incoming) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        if let Some(set) = head.headers.get("set-cookie") {
            self.cookie = Some(set.to_str().expect("a text").split(';').next().expect("a pair").to_owned());
        }
        (head.status.as_u16(), head.headers, bytes)
    }
}

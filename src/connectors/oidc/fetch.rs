//! One request to a provider, with bounds: in time, in bytes, and over TLS unless to this very machine.
//!
//! A connection for each request: there are a few for a log-in. Redirects are not followed; an endpoint that moves says
//! so in the provider's document.

use std::{io, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Request, Response, StatusCode, Uri,
    body::Bytes,
    client::conn::http1,
    header::{self, HeaderValue},
};
use hyper_util::rt::TokioIo;
use openidconnect::AsyncHttpClient;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

/// Of one request, connecting included.
const WITHIN: Duration = Duration::from_secs(4);
/// Of an answer: the keys of a large provider are about 20,000.
const BYTES_MAX: usize = 256 * 1024;

/// Whose certificates are taken.
pub enum Authorities {
    /// Those that browsers take, as of this build.
    Web,
    /// Of a PEM file's text.
    Own(Vec<u8>),
}

#[derive(Debug, thiserror::Error)]
pub enum FetchFault {
    #[error("{0} is neither https nor on this machine")]
    Insecure(String),
    #[error("no answer in time")]
    TimedOut,
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Http(#[from] hyper::Error),
    #[error("it answers {0}")]
    Status(StatusCode),
    #[error("the answer breaks off, or is larger than {BYTES_MAX} bytes")]
    Body,
}

#[derive(Clone)]
pub struct Fetch {
    tls: TlsConnector,
}

impl Fetch {
    /// # Errors
    /// A file of authorities without one.
    pub fn new(authorities: &Authorities) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        match authorities {
            Authorities::Web => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Authorities::Own(pem) => {
                for certificate in CertificateDer::pem_slice_iter(pem) {
                    let certificate = certificate.map_err(|error| error.to_string())?;
                    roots.add(certificate).map_err(|error| error.to_string())?;
                }
            }
        }
        if roots.is_empty() {
            return Err("no certificate in it".to_owned());
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let mut config = config.map_err(|error| error.to_string())?.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { tls: TlsConnector::from(Arc::new(config)) })
    }

    pub async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, FetchFault> {
        let answer = timeout(WITHIN, self.sent(request)).await.unwrap_or(Err(FetchFault::TimedOut))?;
        match answer.status() {
            // Its own fault, whatever it says.
            status if status.is_server_error() => Err(FetchFault::Status(status)),
            _ => Ok(answer),
        }
    }

    async fn sent(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, FetchFault> {
        let uri = request.uri().clone();
        let insecure = || FetchFault::Insecure(uri.to_string());
        let host = uri.host().ok_or_else(insecure)?;
        let name = host.trim_start_matches('[').trim_end_matches(']');
        let connect = async |usual| {
            let stream = TcpStream::connect((name, uri.port_u16().unwrap_or(usual))).await?;
            // What is sent is small and waited for.
            stream.set_nodelay(true)?;
            Ok::<_, io::Error>(stream)
        };
        match uri.scheme_str() {
            Some("https") => {
                let server = ServerName::try_from(name.to_owned()).map_err(|_| insecure())?;
                exchange(self.tls.connect(server, connect(443).await?).await?, request, &uri).await
            }
            Some("http") if is_this_machine(name) => exchange(connect(80).await?, request, &uri).await,
            Some(_) | None => Err(insecure()),
        }
    }
}

/// As the protocol's crate asks for it. Boxed: a closure's future is not known to be `Send` for every lifetime.
impl<'c> AsyncHttpClient<'c> for Fetch {
    type Error = FetchFault;
    type Future = BoxFuture<'c, Result<Response<Vec<u8>>, FetchFault>>;

    fn call(&'c self, request: Request<Vec<u8>>) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// Whether nobody on the way can read or change what is said there.
pub fn is_safe(url: &str) -> bool {
    let uri = url.parse::<Uri>().ok();
    let host = uri.as_ref().and_then(Uri::host).map(|host| host.trim_start_matches('[').trim_end_matches(']'));
    match (uri.as_ref().and_then(Uri::scheme_str), host) {
        (Some("https"), Some(_)) => true,
        (Some("http"), Some(host)) => is_this_machine(host),
        (Some(_) | None, _) => false,
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Vec<u8>>,
    uri: &Uri,
) -> Result<Response<Vec<u8>>, FetchFault> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let asked = async {
        let (mut head, body) = request.into_parts();
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        head.uri = path.parse().unwrap_or_else(|_| Uri::from_static("/"));
        let host = uri.authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok());
        head.headers.extend(host.map(|host| (header::HOST, host)));
        let (head, body) =
            sender.send_request(Request::from_parts(head, Full::new(Bytes::from(body)))).await?.into_parts();
        let body = Limited::new(body, BYTES_MAX).collect().await.map_err(|_| FetchFault::Body)?;
        Ok(Response::from_parts(head, body.to_bytes().to_vec()))
    };
    tokio::pin!(connection, asked);
    // The connection does the work; it may end as soon as the answer is whole.
    tokio::select! {
        answer = &mut asked => answer,
        ended = &mut connection => {
            ended?;
            asked.await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_in_the_clear_stays_on_this_machine() {
        for safe in ["https://id.example/a?b", "http://127.0.0.1:3000/", "http://[::1]:3000/a", "http://localhost"] {
            assert!(is_safe(safe), "{safe}");
        }
        for unsafe_ in
            ["http://id.example", "javascript:alert(1)", "//id.example", "ftp://127.0.0.1", "", "http://127.0.0.1.a"]
        {
            assert!(!is_safe(unsafe_), "{unsafe_}");
        }
    }

    #[tokio::test]
    async fn nothing_is_sent_in_the_clear_and_a_file_of_authorities_has_one() {
        let fetch = Fetch::new(&Authorities::Web).unwrap();
        let asked = |to: &str| Request::get(to).body(Vec::new()).unwrap();
        let refused = fetch.send(asked("http://id.example/token")).await;
        assert!(matches!(refused, Err(FetchFault::Insecure(_))), "{refused:?}");
        assert!(Fetch::new(&Authorities::Own(b"no certificate".to_vec())).is_err());
        let made = rcgen::generate_simple_self_signed(vec!["id.example".to_owned()]).unwrap();
        assert!(Fetch::new(&Authorities::Own(made.cert.pem().into_bytes())).is_ok());
    }
}

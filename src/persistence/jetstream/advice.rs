//! What to do about an error of NATS at the start, in a few words behind the server's own, which name no setting.

use super::api::ApiError;

/// "JetStream not enabled", of the server and of the account.
const DISABLED: [u64; 2] = [10076, 10039];
/// "no suitable peers for placement", "insufficient resources", "insufficient storage resources".
const TOO_FEW: [u64; 3] = [10005, 10023, 10047];

pub(super) fn advice(error: &ApiError) -> &'static str {
    let says = |text: &str, words: &str| text.contains(words);
    match error {
        ApiError::Server(error) if DISABLED.contains(&error.err_code) => {
            ": JetStream is off; the servers' configuration needs `jetstream { store_dir: .. }`, and the user's account \
             `jetstream: enabled` (cluster/nats)"
        }
        ApiError::Server(error) if TOO_FEW.contains(&error.err_code) => {
            ": fewer servers with JetStream and free storage (max_file_store) are there than cluster.replicas asks for"
        }
        // The client's own words; the server gives none.
        ApiError::Unknown(text) if says(text, "no responders") => {
            ": nobody answers for JetStream; it is off on these servers or for this account (`jetstream { store_dir: .. }`), \
             or too few of them are up to elect a leader"
        }
        ApiError::Unknown(text) if says(text, "timed out") => {
            ": no answer; a majority of the servers is missing, or the user may not ask (a `Permissions Violation` in the \
             log above: cluster/nats/accounts.conf has the node's permissions)"
        }
        ApiError::Server(_) | ApiError::Unknown(_) | ApiError::Refused(_) => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::persistence::jetstream::api::ServerError;

    #[test]
    fn each_cryptic_error_names_the_setting() {
        let server = |err_code, description: &str| {
            ApiError::Server(ServerError { err_code, description: description.to_owned() })
        };
        let unknown = |text: &str| ApiError::Unknown(format!("STREAM.INFO.souk_meta: {text}").into());
        for (error, names) in [
            (server(10076, "JetStream not enabled"), "store_dir"),
            (server(10039, "JetStream not enabled for account"), "jetstream: enabled"),
            (server(10005, "no suitable peers for placement"), "cluster.replicas"),
            (server(10023, "insufficient resources"), "max_file_store"),
            (unknown("no responders"), "store_dir"),
            (unknown("request timed out: deadline has elapsed"), "accounts.conf"),
        ] {
            assert!(advice(&error).contains(names), "{error}");
        }
        assert_eq!(advice(&server(10058, "stream name already in use")), "");
    }
}

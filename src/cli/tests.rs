//! The command line against a scripted application: arguments in, exit codes and files out.

use std::{
    io::{BufRead, Write},
    path::{Path, PathBuf},
    sync::Mutex,
};

use clap::CommandFactory;

use super::*;
use crate::{actors::ports::journal::Commit, domain::key::EntityKey};

/// Records its calls; returns minimal results.
#[derive(Default)]
struct Scripted {
    asked: Mutex<Vec<String>>,
}

impl Scripted {
    fn note(&self, what: String) {
        self.asked.lock().expect("not poisoned").push(what);
    }
}

impl Application for Scripted {
    async fn serve(&self, config: Config, sample: bool, _: impl FnOnce(Endpoints) + Send) -> Result<(), Failure> {
        self.note(format!("serve {} {} sample={sample}", config.http.listen, config.data.dir.display()));
        Ok(())
    }
    async fn import(&self, _: Config, csv: PathBuf, asked: ImportOptions, _: &Progress) -> Result<Imported, Failure> {
        self.note(format!("import {} {}", csv.display(), asked.backorder));
        let bad = BadLine { line: 3, column: "Title".into(), why: "missing".into() };
        Ok(Imported { bad: vec![bad], bad_total: 1, imported: asked.skip_bad, ..Imported::default() })
    }
    async fn verify(&self, _: Config, _: &Progress) -> Result<Verified, Failure> {
        let invariant = Invariant::of_one("units add up", 1, vec!["stock/A".into()]);
        Ok(Verified { invariants: vec![invariant], ..Verified::default() })
    }
    async fn export(&self, _: Config, _: bool, to: &mut (impl Write + Send), _: &Progress) -> Result<Copied, Failure> {
        to.write_all(b"{}\n")?;
        Ok(Copied { records: 1, commits: 0, bytes: 3, left_out: Vec::new() })
    }
    async fn keys(&self, _: Config, to: &Path) -> Result<String, Failure> {
        self.note(format!("keys {}", to.display()));
        Ok(String::new())
    }

    async fn restore(&self, _: Config, from: &mut (impl BufRead + Send), _: &Progress) -> Result<Copied, Failure> {
        let lines = from.lines().count();
        self.note(format!("restore {lines}"));
        Ok(Copied::default())
    }
    async fn copy(&self, config: Config, shards: Option<u16>, _: &Progress) -> Result<Moved, Failure> {
        let (from, to) = (config.data.dir.display().to_string(), config.cluster.urls.join(" "));
        self.note(format!("copy {from} to {to} in {shards:?}"));
        Ok(Moved::default())
    }
    async fn history(&self, _: Config, key: EntityKey) -> Result<Vec<Commit>, Failure> {
        self.note(format!("history {key}"));
        Ok(Vec::new())
    }
    fn openapi(&self) -> Result<String, Failure> {
        Ok("{}".into())
    }
}

/// The recorded calls, and the result.
fn souk(arguments: &[&str], environment: &[(&str, &str)]) -> (Vec<String>, Result<(), Failure>) {
    let app = Scripted::default();
    let cli = Cli::try_parse_from(std::iter::once("souk").chain(arguments.iter().copied())).expect("good usage");
    let environment = environment.iter().map(|(name, text)| ((*name).into(), (*text).into()));
    let config = Config::load(cli.common.config.as_deref(), environment, &cli.overrides());
    let outcome = config.map_err(Failure::from).and_then(|config| dispatch(cli, config, &app, &mut Vec::new()));
    (app.asked.into_inner().expect("not poisoned"), outcome)
}

#[test]
fn the_definition_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn serve_takes_options_over_the_environment() {
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--data-dir", "/d", "--sample"];
    let (asked, outcome) = souk(&arguments, &[("SOUK_HTTP__LISTEN", "127.0.0.1:9")]);
    assert_eq!((asked, outcome), (vec!["serve 127.0.0.1:0 /d sample=true".to_owned()], Ok(())));
}

#[test]
fn the_sample_shop_sells_without_money_on_this_machine_only() {
    let overrides = |arguments: &[&str]| Cli::try_parse_from(arguments).expect("good usage").overrides();
    let sandbox =
        |arguments| Config::load(None, [], &overrides(arguments)).map(|config| config.payments.sandbox.enabled);
    assert_eq!(sandbox(&["souk", "serve"]), Ok(false));
    assert_eq!(sandbox(&["souk", "serve", "--sample"]), Ok(true));
    let failure = souk(&["serve", "--sample", "--listen", "0.0.0.0:80"], &[]).1.expect_err("refused");
    assert!(failure.message.contains("payments.sandbox.enabled") && failure.message.contains("option --sample"));
    let twice = [("SOUK_PAYMENTS__SANDBOX__ALLOW_PUBLIC", "true")];
    assert!(souk(&["serve", "--sample", "--listen", "0.0.0.0:80"], &twice).1.is_ok());
}

#[test]
fn a_bad_option_is_wrong_usage() {
    let failure = souk(&["serve", "--listen", "here"], &[]).1.expect_err("refused");
    assert_eq!(failure.exit, Exit::Usage);
    assert!(failure.message.contains("\"here\" found (option --listen)"), "{}", failure.message);
}

#[test]
fn bad_lines_and_broken_invariants_fail() {
    let (asked, outcome) = souk(&["import", "a.csv"], &[]);
    assert_eq!((asked, outcome.expect_err("failed").exit), (vec!["import a.csv 100".to_owned()], Exit::Failed));
    let (asked, outcome) = souk(&["import", "a.csv", "--skip-bad", "--backorder", "5"], &[]);
    assert_eq!((asked, outcome), (vec!["import a.csv 5".to_owned()], Ok(())));
    assert_eq!(souk(&["journal", "verify"], &[]).1.expect_err("failed").message, "violations found: 1");
}

#[test]
fn an_export_has_its_name_only_when_whole() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("backup.jsonl");
    let text = path.to_str().expect("text");
    assert_eq!(souk(&["journal", "export", "--out", text], &[]).1, Ok(()));
    assert_eq!(std::fs::read_to_string(&path).expect("written"), "{}\n");
    assert_eq!(std::fs::read_dir(dir.path()).expect("a directory").count(), 1);
    assert_eq!(souk(&["journal", "import", text], &[]).0, ["restore 1"]);
}

#[test]
fn a_copy_names_both_ends_and_refuses_what_is_no_server() {
    let line = ["journal", "copy", "--from", "/srv/souk", "--to", "nats://a:4222,nats://b:4222", "--shards", "64"];
    assert_eq!(souk(&line, &[]).0, ["copy /srv/souk to nats://a:4222 nats://b:4222 in Some(64)"]);
    let (asked, outcome) = souk(&["journal", "copy", "--from", "/srv/souk", "--to", "http://a"], &[]);
    assert!(asked.is_empty() && outcome.expect_err("refused").message.contains("cluster.urls"));
}

#[test]
fn history_parses_before_it_asks() {
    let (asked, outcome) = souk(&["history", "stok", "A"], &[]);
    let failure = outcome.expect_err("refused");
    assert!(asked.is_empty() && failure.exit == Exit::Usage);
    assert!(failure.hint.expect("a hint").contains("stock, cart"));
    let failure = souk(&["history", "stock", "A", "--at", "yesterday"], &[]).1.expect_err("refused");
    assert_eq!(failure.message, "--at: \"yesterday\" is not a moment");
    let (asked, outcome) = souk(&["history", "stock", "A"], &[]);
    assert_eq!(
        (asked.as_slice(), outcome.expect_err("absent").message.as_str()),
        (&["history stock/A".to_owned()][..], "stock/A does not exist")
    );
}

#[test]
fn the_configuration_in_force_is_toml_that_loads_again_but_for_secrets() {
    let cli = Cli::try_parse_from(["souk", "config", "check", "--print"]).expect("good usage");
    let secret = [("SOUK_SUPERADMIN_PASSWORD".into(), "correct horse battery".into())];
    let config = Config::load(None, secret, &[]).expect("legal");
    let mut out = Vec::new();
    dispatch(cli, config, &Scripted::default(), &mut out).expect("printed");
    let printed = String::from_utf8(out).expect("text");
    assert!(!printed.contains("horse"));
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("printed.toml");
    std::fs::write(&path, &printed).expect("written");
    let refusal = Config::load(Some(Path::new(&path)), [], &[]).expect_err("a redacted password is no password");
    assert!(refusal.to_string().contains("identity.superadmin_password"), "{refusal}");
    std::fs::write(&path, printed.replace("(redacted)", "")).expect("written");
    assert_eq!(Config::load(Some(Path::new(&path)), [], &[]), Ok(Config::default()));
}

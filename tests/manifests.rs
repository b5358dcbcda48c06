//! Compose file, Kubernetes manifests and monitoring under `cluster/`: they parse, the files that they name exist, and
//! Souk accepts their configuration. Deliberately absent: checks that need a container runtime.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use souk::config::Config;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cluster")
}

fn yaml(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_multiple(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a directory").flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Loads the configuration as a start does; wrong keys and values are refused.
fn loads(what: &str, file: Option<&Path>, environment: &BTreeMap<String, String>) -> Config {
    let own = environment.iter().filter(|(name, _)| name.starts_with("SOUK_"));
    let own = own.map(|(name, value)| (name.into(), value.into()));
    let config = Config::load(file, own, &[]).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(config.cluster.is_on() && config.cluster.replicas == 3, "{what} is a node of a cluster");
    assert!(config.identity.secure_cookies, "{what} sends its cookies over HTTPS only");
    config
}

/// The built binary takes the pod's file and variables.
fn accepts(file: &Path, environment: &BTreeMap<String, String>) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_souk"));
    command.args(["config", "check", "--config"]).arg(file).env_clear().envs(environment);
    let ended = command.output().expect("the binary runs");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
}

/// `${NAME:?..}` as a secret of the right shape.
fn filled(value: &str, names: &mut BTreeSet<String>) -> String {
    let Some(name) = value.strip_prefix("${").and_then(|rest| rest.split_once(":?")).map(|(name, _)| name) else {
        return value.to_owned();
    };
    names.insert(name.to_owned());
    "0123456789abcdef".repeat(4)
}

#[test]
fn every_file_parses() {
    let mut found = Vec::new();
    files(&folder(), &mut found);
    let (mut documents, mut dashboards) = (0, 0);
    for path in found {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("yaml" | "yml") => documents += yaml(&path).len(),
            Some("json") => {
                let board: Value = serde_json::from_str(&fs::read_to_string(&path).expect("text")).expect("JSON");
                assert!(board["panels"].as_array().is_some_and(|panels| !panels.is_empty()), "{}", path.display());
                dashboards += 1;
            }
            _ => {}
        }
    }
    assert!(documents > 20 && dashboards == 2, "{documents} documents, {dashboards} dashboards");
}

#[test]
fn the_compose_file_starts_three_nodes_that_souk_would_start() {
    let compose = yaml(&folder().join("compose.yml")).remove(0);
    let (services, volumes) = (&compose["services"], &compose["volumes"]);
    let (mut nodes, mut secrets) = (BTreeSet::new(), BTreeSet::new());
    for (name, service) in services.as_object().expect("services") {
        let environment = service["environment"].as_object().into_iter().flatten();
        let environment: BTreeMap<String, String> =
            environment.map(|(name, value)| (name.clone(), filled(&text(value), &mut secrets))).collect();
        if name.starts_with("souk-") {
            let config = loads(name, None, &environment);
            nodes.insert(config.cluster.node.clone());
            for url in &config.cluster.urls {
                let host = url.trim_start_matches("nats://").trim_end_matches(":4222");
                assert!(services[host].is_object(), "{name}: {url}");
            }
        }
        for mount in service["volumes"].as_array().into_iter().flatten() {
            let (source, _) = mount.as_str().and_then(|mount| mount.split_once(':')).expect("source:target");
            let there = match source.starts_with("./") {
                true => folder().join(source).exists(),
                false => volumes[source].is_object(),
            };
            assert!(there, "{name} mounts {source}");
        }
        for needed in service["depends_on"].as_object().into_iter().flatten().map(|(needed, _)| needed) {
            assert!(services[needed].is_object(), "{name} waits for {needed}");
        }
    }
    assert_eq!(nodes.len(), 3, "{nodes:?}");
    let readme = fs::read_to_string(folder().join("README.md")).expect("text");
    for secret in secrets {
        assert!(readme.contains(&secret), "README.md does not say how to make {secret}");
    }
}

fn manifests() -> Vec<Value> {
    let kustomization = yaml(&folder().join("kustomization.yaml")).remove(0);
    let resources = kustomization["resources"].as_array().expect("resources");
    let read = |path: &Value| yaml(&folder().join(path.as_str().expect("a path")));
    resources.iter().flat_map(read).filter(|document| !document.is_null()).collect()
}

fn labels_match(selector: &Value, labels: &Value) -> bool {
    selector.as_object().is_some_and(|selector| selector.iter().all(|(name, value)| labels[name] == *value))
}

#[test]
fn the_kubernetes_manifests_fit_together() {
    let all = manifests();
    let of_kind = |kind: &str| all.iter().filter(|document| document["kind"] == kind).cloned().collect::<Vec<_>>();
    let sets = of_kind("StatefulSet");
    let pods: Vec<&Value> = sets.iter().map(|set| &set["spec"]["template"]["metadata"]["labels"]).collect();
    let chosen = |selector: &Value| pods.iter().any(|labels| labels_match(selector, labels));
    for service in of_kind("Service") {
        assert!(chosen(&service["spec"]["selector"]), "{service}");
    }
    for budget in of_kind("PodDisruptionBudget") {
        assert!(chosen(&budget["spec"]["selector"]["matchLabels"]), "{budget}");
        assert_eq!(budget["spec"]["maxUnavailable"], 1);
    }
    let kustomization = yaml(&folder().join("kustomization.yaml")).remove(0);
    let generated = kustomization["configMapGenerator"].as_array().expect("config maps");
    for line in generated.iter().flat_map(|map| map["files"].as_array().expect("files")) {
        let (_, source) = line.as_str().and_then(|line| line.split_once('=')).expect("name=path");
        assert!(folder().join(source).is_file(), "{source}");
    }
    let openapi: Value = serde_json::from_str(&souk::app::routes::openapi().to_json().expect("JSON")).expect("JSON");
    for set in &sets {
        let (name, spec) = (text(&set["metadata"]["name"]), &set["spec"]["template"]["spec"]);
        assert!(labels_match(&set["spec"]["selector"]["matchLabels"], &set["spec"]["template"]["metadata"]["labels"]));
        assert_eq!(spec["securityContext"]["runAsNonRoot"], true, "{name}");
        let container = &spec["containers"][0];
        assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true, "{name}");
        assert!(
            container["lifecycle"]["preStop"].is_object() && container["resources"]["limits"]["memory"].is_string()
        );
        for volume in spec["volumes"].as_array().into_iter().flatten() {
            let map = &volume["configMap"]["name"];
            assert!(map.is_null() || generated.iter().any(|one| one["name"] == *map), "{name}: {map}");
        }
        if name == "souk" {
            for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
                let path = text(&container[probe]["httpGet"]["path"]);
                assert!(openapi["paths"][&path].is_object(), "{probe}: {path}");
            }
        }
    }
}

#[test]
fn a_pod_of_souk_has_all_that_a_node_needs() {
    let all = manifests();
    let readme = fs::read_to_string(folder().join("README.md")).expect("text");
    let sets = all.iter().filter(|document| document["kind"] == "StatefulSet");
    let mut started = 0;
    for set in sets {
        let container = &set["spec"]["template"]["spec"]["containers"][0];
        let mut environment = BTreeMap::new();
        for variable in container["env"].as_array().expect("variables") {
            let secret = &variable["valueFrom"]["secretKeyRef"];
            if let Some(key) = secret["key"].as_str() {
                let made = format!("--from-literal={key}=");
                assert!(readme.contains(&made), "README.md makes no secret {secret}");
            }
            let value = variable["value"].as_str().map_or_else(|| "0123456789abcdef".repeat(4), str::to_owned);
            environment.insert(text(&variable["name"]), value);
        }
        if set["metadata"]["name"] == "souk" {
            // The pod's name, at most 63 characters.
            environment.insert("SOUK_CLUSTER__NODE".into(), "souk-0".into());
            let file = folder().join("kubernetes/souk.toml");
            loads("the pod", Some(&file), &environment);
            assert_eq!(set["spec"]["template"]["spec"]["enableServiceLinks"], false, "the Service is named souk, too");
            // In a namespace whose pods are made by other manifests the links are there all the same.
            environment.extend(souk::testing::SERVICE_LINKS.map(|(name, value)| (name.to_owned(), value.to_owned())));
            accepts(&file, &environment);
            started += 1;
        }
    }
    assert_eq!(started, 1);
}

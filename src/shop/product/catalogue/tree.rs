//! The tree of categories. Tolerates errors that a single category cannot detect: a missing parent (the category is
//! then at the top) and a circle of parents (each member is then at the top).

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use serde::Serialize;

use crate::domain::category::{CategoryData, CategoryView};

/// Levels of the tree that count; a product's ancestors beyond that do not list it, and nothing deeper is shown.
pub(super) const DEPTH_MAX: usize = 16;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CategoryNode {
    pub slug: String,
    pub name: String,
    pub description: String,
    pub parent: Option<String>,
    pub position: u32,
    pub version: u64,
    /// On sale in it and below it.
    pub products: usize,
    pub children: Vec<CategoryNode>,
}

#[derive(Default)]
pub(super) struct Tree {
    nodes: HashMap<Arc<str>, (u64, CategoryData)>,
}

impl Tree {
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn contains(&self, slug: &str) -> bool {
        self.nodes.contains_key(slug)
    }

    /// Takes a newer view; returns whether the category's place in the tree changed.
    pub fn apply(&mut self, slug: &str, version: u64, view: &CategoryView) -> bool {
        let Some(data) = &view.data else { return false };
        let parent_before = match self.nodes.get(slug) {
            Some((known, _)) if *known >= version => return false,
            Some((_, before)) => before.parent.clone(),
            None => None,
        };
        self.nodes.insert(slug.into(), (version, data.clone()));
        parent_before != data.parent
    }

    fn parent(&self, slug: &str) -> Option<&str> {
        self.nodes.get(slug).and_then(|(_, data)| data.parent.as_deref())
    }

    /// The category and its ancestors, nearest first; each once, at most [`DEPTH_MAX`].
    pub fn lineage<'a>(&'a self, slug: &'a str) -> Vec<&'a str> {
        let mut line = vec![slug];
        let mut at = slug;
        while let Some(parent) = self.parent(at).filter(|parent| line.len() < DEPTH_MAX && !line.contains(parent)) {
            line.push(parent);
            at = parent;
        }
        line
    }

    /// Ordered by position, then name.
    pub fn forest(&self, count: &dyn Fn(&str) -> usize) -> Vec<CategoryNode> {
        let children = self.children();
        children.get(&None).map(|roots| self.branch(roots, &children, count, DEPTH_MAX)).unwrap_or_default()
    }

    pub fn one(&self, slug: &str, count: &dyn Fn(&str) -> usize) -> Option<CategoryNode> {
        let (slug, (_, data)) = self.nodes.get_key_value(slug)?;
        let only = BTreeSet::from([(data.position, data.name.as_str(), &**slug)]);
        self.branch(&only, &self.children(), count, DEPTH_MAX).pop()
    }

    fn children(&self) -> Children<'_> {
        let mut children = Children::new();
        for (slug, (_, data)) in &self.nodes {
            let parent = data.parent.as_deref().filter(|parent| self.contains(parent) && !self.circles(slug));
            children.entry(parent).or_default().insert((data.position, &data.name, slug));
        }
        children
    }

    /// Whether the line of parents returns to the category itself.
    fn circles(&self, slug: &str) -> bool {
        self.lineage(slug).last().is_some_and(|last| self.parent(last) == Some(slug))
    }

    fn branch(
        &self,
        level: &BTreeSet<(u32, &str, &str)>,
        children: &Children<'_>,
        count: &dyn Fn(&str) -> usize,
        depth: usize,
    ) -> Vec<CategoryNode> {
        let node = |(_, _, slug): &(u32, &str, &str)| {
            let (version, data) = self.nodes.get(*slug)?;
            let below = children.get(&Some(*slug)).filter(|_| depth > 1);
            Some(CategoryNode {
                slug: (*slug).to_owned(),
                name: data.name.clone(),
                description: data.description.clone(),
                parent: data.parent.clone(),
                position: data.position,
                version: *version,
                products: count(slug),
                children: below.map(|below| self.branch(below, children, count, depth - 1)).unwrap_or_default(),
            })
        };
        level.iter().filter_map(node).collect()
    }
}

/// Parent (`None`: the top) -> its children as (position, name, slug).
type Children<'a> = HashMap<Option<&'a str>, BTreeSet<(u32, &'a str, &'a str)>>;

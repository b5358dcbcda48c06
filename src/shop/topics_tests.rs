//! The list of topic families: names, parsing, permissions.

use std::collections::HashSet;

use super::samples::topics;
use crate::{
    identity::PermissionSet,
    live::{Audience, TopicError},
};

#[test]
fn every_topic_reads_back_as_it_is_written() {
    let id = "01920000-0000-7000-8000-000000000001";
    for text in [
        "stock.SKU-1.b_2",
        "stock.MUG RED/1, ß",
        "board",
        "stock",
        "unpaid",
        &format!("cart.{id}"),
        &format!("order.{id}"),
    ] {
        assert_eq!(topics(false).parse(text).map(|topic| topic.to_string()), Ok(text.to_owned()));
    }
}

#[test]
fn anything_else_is_refused() {
    let long = format!("stock.{}", "A".repeat(256));
    let upper = "order.01920000-0000-7000-8000-00000000000A";
    for text in [
        "",
        "stock.",
        "stock. a",
        "stock.a\u{200B}",
        "stock.a\tb",
        &long,
        "cart.1",
        upper,
        "board.x",
        "Board",
        "orders.1",
        "cart",
        ".",
    ] {
        let refused = topics(false).parse(text).unwrap_err();
        assert_eq!(refused.code(), "bad_topic", "{text}");
        let said = refused.to_string();
        let patterns = ["cart.<id>", "order.<id>", "stock.<sku>", "board", " or unpaid"];
        assert!(said.starts_with("a topic reads ") && patterns.iter().all(|one| said.contains(one)), "{said}");
    }
}

#[test]
fn no_two_families_of_one_sort_share_a_name() {
    let topics = topics(false);
    let one: HashSet<&str> = topics.one_entity().iter().map(|family| family.name()).collect();
    let many: HashSet<&str> = topics.many_entities().iter().map(|family| family.name()).collect();
    assert_eq!((one.len(), many.len()), (topics.one_entity().len(), topics.many_entities().len()));
}

#[test]
fn an_entity_is_of_the_kind_that_feeds_its_family() {
    for family in topics(false).one_entity() {
        let id = if family.name() == "stock" { "SKU-1" } else { "01920000-0000-7000-8000-000000000001" };
        assert_eq!(family.entity(id).map(|key| key.kind), Some(family.kind()), "{}", family.pattern());
    }
}

#[test]
fn the_staffs_topics_are_closed_to_everybody_else() {
    let guest = Audience::default();
    let staff = Audience { permissions: PermissionSet::ALL, ..Audience::default() };
    for text in ["board", "stock", "unpaid"] {
        let topic = topics(true).parse(text).unwrap();
        assert!(matches!(topic.may_listen(&guest, None), Err(TopicError::StaffOnly { .. })));
        assert_eq!(topic.may_listen(&staff, None), Ok(()));
    }
    assert_eq!(topics(true).parse("stock.A").unwrap().may_listen(&guest, None), Ok(()));
}

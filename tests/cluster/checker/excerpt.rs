//! The part of a history that a person reads first: one SKU or one order, in time, with the faults between.

use crate::history::{Action, Line, Micros, Op};

/// Lines around the moment, at most.
const LINES_MAX: usize = 60;

fn concerns(op: &Op, name: &str) -> bool {
    match &op.action {
        Action::Receive { sku, .. } | Action::Hold { sku, .. } | Action::Release { sku, .. } | Action::Look { sku } => {
            sku == name
        }
        Action::Checkout { email, lines } => {
            email == name || lines.iter().any(|(sku, _)| sku == name) || format!("{:?}", op.outcome).contains(name)
        }
        Action::Pay { order, .. } | Action::Cancel { order } => order == name,
    }
}

/// What concerns the SKU or the order `name`, the lines nearest to `near` of it.
pub fn of(lines: &[Line], name: &str, near: Option<Micros>) -> String {
    let mut shown: Vec<(Micros, String)> = Vec::new();
    for line in lines {
        match line {
            Line::Note { at, text } => shown.push((*at, format!("{:>11} ------ {text}", seconds(*at)))),
            Line::Op(op) if concerns(op, name) => {
                let window = format!("{:>11} {:>9}", seconds(op.from), format!("+{}ms", (op.to - op.from) / 1_000));
                let text = format!(
                    "{window}  op {} {} node {} x{}  {:?} -> {:?}",
                    op.id, op.who, op.node, op.tries, op.action, op.outcome
                );
                shown.push((op.from, text));
            }
            Line::Op(_) => {}
        }
    }
    shown.sort();
    let centre = near.map_or(shown.len(), |near| shown.partition_point(|(at, _)| *at < near));
    let first = centre.saturating_sub(LINES_MAX * 2 / 3).min(shown.len().saturating_sub(LINES_MAX));
    let part = shown.iter().skip(first).take(LINES_MAX).map(|(_, text)| text.as_str());
    let mut text = format!("{name}: {} lines, from the {}th:\n", shown.len(), first + 1);
    part.for_each(|line| text += &format!("{line}\n"));
    text
}

fn seconds(at: Micros) -> String {
    format!("{}.{:06}", at / 1_000_000, at % 1_000_000)
}

#[test]
fn it_shows_what_concerns_a_name_and_the_faults() {
    use crate::history::Outcome;
    let look = |id: u64, sku: &str| {
        let (action, outcome) = (Action::Look { sku: sku.into() }, Outcome::Stock { version: id, available: 1 });
        Line::Op(Op {
            id,
            who: "ann".into(),
            node: 1,
            from: id * 1_000,
            to: id * 1_000 + 500,
            tries: 1,
            action,
            outcome,
        })
    };
    let mut lines: Vec<Line> = (1..200).map(|id| look(id, if id % 2 == 0 { "A" } else { "B" })).collect();
    lines.push(Line::Note { at: 20_500, text: "kill -9 of node 2".into() });
    let text = of(&lines, "A", Some(21_000));
    assert!(text.contains("op 20 ann") && text.contains("op 22 ann") && text.contains("kill -9 of node 2"), "{text}");
    assert!(!text.contains("op 21 ann") && text.lines().count() <= LINES_MAX + 1, "{text}");
}

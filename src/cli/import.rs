//! `souk import`: Shopify's product CSV into the data directory. Whole or not at all, unless asked otherwise; again
//! changes nothing. An import says what it did, and what it left out.

use std::{io::Write, num::NonZeroU32, path::PathBuf};

use clap::Args;

use super::{
    Application, Failure, Imported, Progress,
    table::{count, table},
};
use crate::config::Config;

/// Import a Shopify product export (CSV) into the data directory
#[derive(Debug, Args)]
#[command(
    after_help = "The server must not run on the same data directory meanwhile (but for --dry-run). A file with a
bad line imports nothing and lists every bad line; importing the same file twice changes nothing. UTF-8, UTF-16 and
Windows-1252 are read, with commas, semicolons or tabs between the cells.

Products that the file calls archived, draft, unlisted or not published are taken down. A SKU belongs to one product:
the newest file takes it over from another one.

Examples:
  souk import products_export.csv --dry-run
  souk import products_export.csv --data-dir /var/lib/souk --skip-bad --derive-skus"
)]
pub struct Import {
    /// The CSV file, with Shopify's column names in its first line
    file: PathBuf,
    #[command(flatten)]
    options: ImportOptions,
}

#[derive(Clone, Debug, Args)]
pub struct ImportOptions {
    /// Only read the file and report; the data directory is not opened
    #[arg(long)]
    pub dry_run: bool,
    /// Leave out products with bad lines, and import the others
    #[arg(long)]
    pub skip_bad: bool,
    /// Make a SKU from handle and options where the file's own stands twice
    #[arg(long)]
    pub derive_skus: bool,
    /// Units that a SKU may owe which the file says to sell on when out of stock
    #[arg(long, value_name = "UNITS", default_value = "100")]
    pub backorder: NonZeroU32,
}

impl Import {
    /// A file in the wrong format is bad on every line: the first ones are enough.
    const BAD_LINES_SHOWN: usize = 50;

    pub(super) async fn run(self, config: Config, app: &impl Application, out: &mut impl Write) -> Result<(), Failure> {
        let progress = Progress::start("importing", "products");
        let imported = app.import(config, self.file.clone(), self.options.clone(), &progress).await?;
        drop(progress);
        write!(out, "{}", render(&imported, &self.options))?;
        let file = self.file.display();
        match (imported.bad_total, imported.imported) {
            (0, _) | (_, true) => Ok(()),
            (n, false) if self.options.dry_run => Err(Failure::new(format!("{file}: {n} bad lines"))
                .hint("correct these lines, or leave their products out with --skip-bad")),
            (n, false) => Err(Failure::new(format!("{file}: {n} bad lines, nothing was imported"))
                .hint("correct these lines and import the file again, or leave their products out with --skip-bad")),
        }
    }
}

fn render(imported: &Imported, options: &ImportOptions) -> String {
    let mut text = String::new();
    if imported.bad_total > 0 {
        let row = |line: &str, column: &str, why: &str| vec![line.to_owned(), column.to_owned(), why.to_owned()];
        let shown = imported.bad.iter().take(Import::BAD_LINES_SHOWN);
        let rows = shown.map(|bad| row(&bad.line.to_string(), &bad.column, &bad.why));
        text += &table(&std::iter::once(row("line", "column", "why")).chain(rows).collect::<Vec<_>>());
        let listed = imported.bad.len().min(Import::BAD_LINES_SHOWN) as u64;
        if imported.bad_total > listed {
            text += &format!("  and {} more\n", count(imported.bad_total - listed));
        }
        text += "\n";
        let kinds = imported.bad_kinds.iter().map(|(kind, n)| vec![count(*n), (*kind).to_owned()]);
        text += &table(&std::iter::once(vec!["lines".into(), "kind".into()]).chain(kinds).collect::<Vec<_>>());
        text += "\n";
    }
    if imported.imported || options.dry_run {
        let (products, variants) = (count(imported.products), count(imported.variants));
        let done = if imported.imported { "imported" } else { "read" };
        text += &format!("{products} products with {variants} variants {done}");
        text += &if imported.imported { format!(", {} changed\n", count(imported.changed)) } else { "\n".to_owned() };
        for note in &imported.notes {
            let more = if note.count > note.examples.len() as u64 { ", .." } else { "" };
            text += &format!("  {} {} ({}{more})\n", count(note.count), note.what, note.examples.join(", "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{BadLine, ImportNote};

    fn options(dry_run: bool) -> ImportOptions {
        ImportOptions { dry_run, skip_bad: false, derive_skus: false, backorder: NonZeroU32::MIN }
    }

    #[test]
    fn bad_lines_are_a_table_with_an_end_and_counted_by_kind() {
        let bad = |line| BadLine { line, column: "Variant Price".into(), why: "a price expected, \"x\" found".into() };
        let imported = Imported {
            bad: (2..60).map(bad).collect(),
            bad_total: 1_500,
            bad_kinds: vec![("a price cannot be read", 1_500)],
            ..Imported::default()
        };
        let text = render(&imported, &options(false));
        assert!(text.starts_with("  line  column         why\n     2  Variant Price  a price"), "{text}");
        assert!(text.contains("  and 1 450 more\n"), "{text}");
        assert!(text.ends_with("  1 500  a price cannot be read\n\n"), "{text}");
    }

    #[test]
    fn success_is_one_line_and_what_was_decided() {
        let note =
            ImportNote { what: "products left out: archived", count: 7, examples: vec!["mug".into(), "pan".into()] };
        let imported =
            Imported { products: 1_200, variants: 4_800, imported: true, notes: vec![note], ..Imported::default() };
        let line = "1 200 products with 4 800 variants imported, 0 changed\n";
        let told = format!("{line}  7 products left out: archived (mug, pan, ..)\n");
        assert_eq!(render(&imported, &options(false)), told);
        let dry = Imported { imported: false, notes: Vec::new(), ..imported };
        assert_eq!(render(&dry, &options(true)), "1 200 products with 4 800 variants read\n");
    }
}

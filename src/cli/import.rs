//! `souk import`: Shopify's product CSV into the data directory. Whole or not at all; again changes nothing.

use std::{io::Write, path::PathBuf};

use clap::Args;

use super::{
    Application, Failure, Imported, Progress,
    table::{count, table},
};
use crate::config::Config;

/// Import a Shopify product export (CSV) into the data directory
#[derive(Debug, Args)]
#[command(after_help = "The server must not run on the same data directory meanwhile. A file with a bad line imports
nothing and lists every bad line; importing the same file twice changes nothing.

Example:
  souk import products_export.csv --data-dir /var/lib/souk")]
pub struct Import {
    /// The CSV file, with Shopify's column names in its first line
    file: PathBuf,
}

impl Import {
    /// A file in the wrong format is bad on every line: the first ones are enough.
    const BAD_LINES_SHOWN: usize = 50;

    pub(super) async fn run(self, config: Config, app: &impl Application, out: &mut impl Write) -> Result<(), Failure> {
        let progress = Progress::start("importing", "products");
        let imported = app.import(config, self.file.clone(), &progress).await?;
        drop(progress);
        write!(out, "{}", render(&imported))?;
        match imported.bad.len() {
            0 => Ok(()),
            n => Err(Failure::new(format!("{}: {n} bad lines, nothing was imported", self.file.display()))
                .hint("correct these lines and import the file again")),
        }
    }
}

fn render(imported: &Imported) -> String {
    if imported.bad.is_empty() {
        let Imported { products, variants, changed, bad: _ } = imported;
        let (products, variants) = (count(*products), count(*variants));
        return format!("{products} products with {variants} variants imported, {} changed\n", count(*changed));
    }
    let heading = ["line", "column", "why"].map(str::to_owned).to_vec();
    let shown = imported.bad.iter().take(Import::BAD_LINES_SHOWN);
    let rows = shown.map(|bad| vec![bad.line.to_string(), bad.column.clone(), bad.why.clone()]);
    let mut text = table(&std::iter::once(heading).chain(rows).collect::<Vec<_>>());
    if let Some(more @ 1..) = imported.bad.len().checked_sub(Import::BAD_LINES_SHOWN) {
        text += &format!("  and {more} more\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::BadLine;

    #[test]
    fn bad_lines_are_a_table_with_an_end() {
        let bad = |line| BadLine { line, column: "Variant Price".into(), why: "a price expected, \"x\" found".into() };
        let text = render(&Imported { bad: (2..60).map(bad).collect(), ..Imported::default() });
        assert!(text.starts_with("  line  column         why\n     2  Variant Price  a price"), "{text}");
        assert!(text.ends_with("  and 8 more\n"), "{text}");
    }

    #[test]
    fn success_is_one_line() {
        let imported = Imported { products: 1_200, variants: 4_800, changed: 0, bad: Vec::new() };
        assert_eq!(render(&imported), "1 200 products with 4 800 variants imported, 0 changed\n");
    }
}

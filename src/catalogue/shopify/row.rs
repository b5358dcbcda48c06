//! The file's records: read, counted, each with its line number.

use std::{collections::HashMap, rc::Rc};

use csv::{ByteRecord, ReaderBuilder};

use super::{
    BadFile, Fault,
    columns::{Column, Header, OPTIONS},
    dialect::{self, BadQuote},
    lines::Lines,
    names,
};

pub(super) struct Row {
    pub line: u64,
    header: Rc<Header>,
    cells: csv::StringRecord,
    handle: String,
    /// A complaint about it stands already; its product cannot be whole.
    pub spoilt: bool,
}

impl Row {
    /// The cell without the space around it; empty where the file has no such column.
    pub fn get(&self, column: Column) -> &str {
        self.header.place(column).and_then(|place| self.cells.get(place)).unwrap_or_default().trim()
    }

    pub fn has(&self, column: Column) -> bool {
        self.header.place(column).is_some()
    }

    pub fn decimal_comma(&self) -> bool {
        self.header.decimal_comma
    }

    /// In lower case, as Shopify compares them.
    pub fn handle(&self) -> &str {
        &self.handle
    }

    pub fn bad(&self, bad: &mut BadFile, column: Column, fault: Fault, why: impl Into<String>) {
        bad.add(self.line, self.header.name(column), fault, why);
    }

    pub fn bad_line(&self, bad: &mut BadFile, fault: Fault, why: impl Into<String>) {
        bad.add(self.line, "", fault, why);
    }

    /// Only a further image of its product: the row has no data of a variant.
    pub fn is_image_only(&self) -> bool {
        let blank = |column: &Column| self.get(*column).is_empty();
        [Column::Sku, Column::Price, Column::Quantity].iter().all(blank)
            && OPTIONS.iter().all(|(_, value)| blank(value))
    }
}

/// Where quotation marks do not add up.
struct Quotes {
    /// By the line that opens them.
    closed_inside: HashMap<u64, u64>,
    never: Option<u64>,
}

impl Quotes {
    fn of(text: &str, separator: u8) -> Self {
        let mut quotes = Self { closed_inside: HashMap::new(), never: None };
        for BadQuote { line, closed } in dialect::bad_quotes(text, separator) {
            match closed {
                Some(at) => drop(quotes.closed_inside.entry(line).or_insert(at)),
                None => quotes.never = Some(line),
            }
        }
        quotes
    }

    /// Of a record on these lines.
    fn complaint(&self, first: u64, last: u64) -> Option<(u64, String)> {
        let (line, closed) = (first..=last).find_map(|line| Some((line, *self.closed_inside.get(&line)?)))?;
        let place = if closed == line { String::new() } else { format!(" on line {closed}") };
        let why = format!(
            "the quotation mark opened here is closed in the middle of a cell{place}; a mark that belongs to the text is \
             doubled (9\"\" lid)"
        );
        Some((line, why))
    }
}

/// All good records in order. Bad ones are reported; those whose handle is legible spoil their product.
pub(super) fn read(text: &str, separator: u8, bad: &mut BadFile) -> Vec<Row> {
    let quotes = Quotes::of(text, separator);
    if let Some(line) = quotes.never {
        bad.add(line, "", Fault::File, "the quotation mark opened here is never closed");
    }
    let lines = Lines::default();
    let mut builder = ReaderBuilder::new();
    let mut reader =
        builder.has_headers(false).flexible(true).delimiter(separator).from_reader(lines.watch(text.as_bytes()));
    let mut header: Option<Rc<Header>> = None;
    let mut rows = Vec::new();
    let mut record = ByteRecord::new();
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                let line = lines.first_of(&record, reader.position().byte());
                bad.add(line, "", Fault::File, format!("cannot be read: {error}"));
                break;
            }
        }
        let line = lines.first_of(&record, reader.position().byte());
        let last = line + record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
        // What is behind a mark that is never closed is one cell: complaints about it would mislead.
        if quotes.never.is_some_and(|never| (line..=last).contains(&never)) {
            break;
        }
        // Cut between characters: separators and marks are ASCII.
        let Ok(cells) = csv::StringRecord::from_byte_record(record.clone()) else { continue };
        match &header {
            None if cells.get(0).is_some_and(|cell| cell.to_ascii_lowercase().starts_with("sep=")) => {}
            None => match Header::parse(line, cells.iter(), separator == b';', bad) {
                Some(parsed) => header = Some(Rc::new(parsed)),
                None => return rows,
            },
            Some(header) => {
                let complaint = quotes.complaint(line, last);
                rows.extend(row(line, header, cells, complaint, bad));
            }
        }
    }
    if header.is_none() && !bad.is_fatal() {
        bad.add(1, "", Fault::File, "the file is empty");
    }
    rows
}

fn row(
    line: u64,
    header: &Rc<Header>,
    cells: csv::StringRecord,
    complaint: Option<(u64, String)>,
    bad: &mut BadFile,
) -> Option<Row> {
    if cells.iter().all(|cell| cell.trim().is_empty()) {
        return None;
    }
    let mut row = Row { line, header: header.clone(), cells, handle: String::new(), spoilt: false };
    if let Some((line, why)) = complaint {
        bad.add(line, "", Fault::Row, why);
        row.spoilt = true;
    } else if !fits(header, &row.cells) {
        let (wanted, found) = (header.len(), row.cells.len());
        let why = format!("{wanted} cells expected, {found} found; is a quotation mark missing?");
        row.bad_line(bad, Fault::Row, why);
        row.spoilt = true;
    }
    row.handle = match row.has(Column::Handle) {
        true => row.get(Column::Handle).to_lowercase(),
        false if row.get(Column::Title).is_empty() => String::new(),
        false => names::handle_of(row.get(Column::Title)),
    };
    if row.handle.is_empty() {
        if !row.spoilt {
            let column = if row.has(Column::Handle) { Column::Handle } else { Column::Title };
            row.bad(bad, column, Fault::Missing, "is empty");
        }
        return None;
    }
    Some(row)
}

/// Spreadsheets drop empty cells at a row's end, and add some.
fn fits(header: &Header, cells: &csv::StringRecord) -> bool {
    let surplus = cells.iter().skip(header.len());
    cells.len() >= header.len_min() && surplus.into_iter().all(|cell| cell.trim().is_empty())
}

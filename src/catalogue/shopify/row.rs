//! The file's records: read, counted, decoded, each with its line number.

use std::{io::Read, rc::Rc};

use csv::{ByteRecord, ReaderBuilder};

use super::{
    BadFile, FILE_MAX,
    columns::{Column, Header, OPTIONS},
    lines::Lines,
};

pub(super) struct Row {
    pub line: u64,
    header: Rc<Header>,
    cells: csv::StringRecord,
    handle: String,
}

impl Row {
    /// The cell without the space around it; empty where the file has no such column.
    pub fn get(&self, column: Column) -> &str {
        self.header.place(column).and_then(|place| self.cells.get(place)).unwrap_or_default().trim()
    }

    /// In lower case, as Shopify compares them.
    pub fn handle(&self) -> &str {
        &self.handle
    }

    pub fn bad(&self, bad: &mut BadFile, column: Column, why: impl Into<String>) {
        bad.add(self.line, self.header.name(column), why);
    }

    pub fn bad_line(&self, bad: &mut BadFile, why: impl Into<String>) {
        bad.add(self.line, "", why);
    }

    /// Only a further image of its product: the row has no data of a variant.
    pub fn is_image_only(&self) -> bool {
        let blank = |column: &Column| self.get(*column).is_empty();
        [Column::Sku, Column::Price, Column::Quantity].iter().all(blank)
            && OPTIONS.iter().all(|(_, value)| blank(value))
    }
}

pub(super) struct Rows;

impl Rows {
    /// All good records in order. Bad ones are reported and left out.
    pub fn read(reader: impl Read, bad: &mut BadFile) -> Vec<Row> {
        // One byte more than allowed, to see that there is more.
        let lines = Lines::default();
        let limited = lines.watch(reader.take(FILE_MAX + 1));
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(limited);
        let mut header: Option<Rc<Header>> = None;
        let mut rows = Vec::new();
        let mut record = ByteRecord::new();
        loop {
            match reader.read_byte_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    let line = lines.first_of(&record, reader.position().byte());
                    bad.add(line, "", format!("cannot be read: {error}"));
                    break;
                }
            }
            let line = lines.first_of(&record, reader.position().byte());
            let cells = match csv::StringRecord::from_byte_record(record.clone()) {
                Ok(cells) => cells,
                Err(_) => {
                    bad.add(line, "", "is not UTF-8; export the file as UTF-8");
                    continue;
                }
            };
            match &header {
                None => match Header::parse(cells.iter(), bad) {
                    Some(parsed) => header = Some(Rc::new(parsed)),
                    None => return rows,
                },
                Some(header) => rows.extend(row(line, header, cells, bad)),
            }
        }
        if header.is_none() {
            bad.add(1, "", "the file is empty");
        }
        if reader.position().byte() > FILE_MAX {
            bad.add(1, "", format!("the file is longer than {FILE_MAX} bytes; split it"));
        }
        rows
    }
}

fn row(line: u64, header: &Rc<Header>, cells: csv::StringRecord, bad: &mut BadFile) -> Option<Row> {
    if cells.iter().all(|cell| cell.trim().is_empty()) {
        return None;
    }
    if cells.len() != header.len() {
        let why = format!("{} cells expected, {} found; is a quotation mark missing?", header.len(), cells.len());
        bad.add(line, "", why);
        return None;
    }
    let mut row = Row { line, header: header.clone(), cells, handle: String::new() };
    row.handle = row.get(Column::Handle).to_lowercase();
    if row.handle.is_empty() {
        row.bad(bad, Column::Handle, "is empty");
        return None;
    }
    Some(row)
}

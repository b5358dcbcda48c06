//! Shopify's column names: those of its classic export, and those of the newer template.
//!
//! Compared without regard to case. Unused columns are ignored.

use super::{BadFile, Fault};

macro_rules! columns {
    ($($name:ident = $($text:literal)|+),* $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Column { $($name),* }

        impl Column {
            const COUNT: usize = [$(Self::$name),*].len();

            pub(super) fn parse(header: &str) -> Option<Self> {
                match header { $($($text)|+ => Some(Self::$name),)* _ => None }
            }
        }
    };
}

columns! {
    Handle = "handle" | "url handle",
    Title = "title",
    Body = "body (html)" | "description",
    Vendor = "vendor",
    Category = "product category",
    Type = "type",
    Published = "published" | "published on online store",
    Status = "status",
    Option1Name = "option1 name",
    Option1Value = "option1 value",
    Option2Name = "option2 name",
    Option2Value = "option2 value",
    Option3Name = "option3 name",
    Option3Value = "option3 value",
    Sku = "variant sku" | "sku",
    Quantity = "variant inventory qty" | "inventory quantity",
    Tracker = "variant inventory tracker" | "inventory tracker",
    Policy = "variant inventory policy" | "continue selling when out of stock",
    GiftCard = "gift card",
    Primary = "included / primary",
    Price = "variant price" | "price",
    ImageSrc = "image src" | "product image url",
    ImagePosition = "image position",
    ImageAlt = "image alt text",
    VariantImage = "variant image" | "variant image url",
}

pub(super) const OPTIONS: [(Column, Column); 3] = [
    (Column::Option1Name, Column::Option1Value),
    (Column::Option2Name, Column::Option2Value),
    (Column::Option3Name, Column::Option3Value),
];

/// Where each column stands in this file, and what it is called there.
pub(super) struct Header {
    places: [Option<usize>; Column::COUNT],
    names: Vec<String>,
    /// Of prices: `9,90`, as files with semicolons write it.
    pub decimal_comma: bool,
}

impl Header {
    /// Wants a title and a price; without a handle each product has the one that its title gives. A column that stands
    /// twice is refused.
    pub fn parse<'a>(
        line: u64,
        cells: impl Iterator<Item = &'a str>,
        decimal_comma: bool,
        bad: &mut BadFile,
    ) -> Option<Self> {
        let mut header = Self { places: [None; Column::COUNT], names: Vec::new(), decimal_comma };
        let before = bad.total();
        for (place, cell) in cells.enumerate() {
            let cell = cell.trim_start_matches('\u{feff}').trim();
            if let Some(column) = Column::parse(&cell.to_lowercase())
                && header.places[column as usize].replace(place).is_some()
            {
                bad.add(line, cell, Fault::File, "the column stands twice");
            }
            header.names.push(cell.to_owned());
        }
        for (column, name) in [(Column::Title, "Title"), (Column::Price, "Variant Price")] {
            if header.places[column as usize].is_none() {
                let why = "the column is missing; is this Shopify's product export?";
                bad.add(line, name, Fault::File, why);
            }
        }
        (bad.total() == before).then_some(header)
    }

    pub fn place(&self, column: Column) -> Option<usize> {
        self.places[column as usize]
    }

    /// As the file calls it.
    pub fn name(&self, column: Column) -> &str {
        self.place(column).and_then(|place| self.names.get(place)).map_or("", String::as_str)
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Cells without which a row says nothing: up to the last of handle, title and price.
    pub fn len_min(&self) -> usize {
        let places = [Column::Handle, Column::Title, Column::Price].map(|column| self.place(column));
        places.into_iter().flatten().max().map_or(0, |last| last + 1)
    }
}

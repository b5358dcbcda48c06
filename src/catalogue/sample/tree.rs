//! The sample shop's categories: slug, name, what it says about itself, parent.

use crate::domain::category::CategoryData;

type Entry = (&'static str, &'static str, &'static str, Option<&'static str>);

const TREE: &[Entry] = &[
    ("clothing", "Clothing", "Pieces made to be worn often and mended once in a while.", None),
    ("shirts", "Shirts", "Linen, Oxford, flannel and poplin.", Some("clothing")),
    ("t-shirts", "T-Shirts", "The plain ones, done properly.", Some("clothing")),
    ("knitwear", "Knitwear", "Jumpers in wool, cotton and alpaca.", Some("clothing")),
    ("trousers", "Trousers", "Straight, tapered, pleated and wide.", Some("clothing")),
    ("dresses", "Dresses", "For warm days and late tables.", Some("clothing")),
    ("jackets", "Jackets", "Against wind, drizzle and the last train.", Some("clothing")),
    ("shoes", "Shoes", "Soles you can walk home on.", None),
    ("trainers", "Trainers", "Light shoes for long days.", Some("shoes")),
    ("boots", "Boots", "Welted, lined and made to be resoled.", Some("shoes")),
    ("accessories", "Accessories", "The things that finish it.", None),
    ("hats", "Hats", "Felt, straw and linen.", Some("accessories")),
    ("bags", "Bags", "For the market, the office and the weekend.", Some("accessories")),
    ("totes", "Handbags", "Two handles and room inside.", Some("bags")),
    ("backpacks", "Backpacks", "Both hands free.", Some("bags")),
    ("home", "Home", "Good things for every room.", None),
    ("kitchen", "Kitchen", "For the table and the hob.", Some("home")),
    ("mugs", "Mugs", "Coffee tastes better from the right one.", Some("kitchen")),
    ("cookware", "Cookware", "Pans that outlive their recipes.", Some("kitchen")),
    ("bottles", "Bottles", "Water, cold or hot, to take along.", Some("kitchen")),
    ("living", "Living Room", "Light, seats and time.", Some("home")),
    ("lighting", "Lighting", "Lamps for reading, sleeping and coming home.", Some("living")),
    ("furniture", "Chairs", "Sit down properly.", Some("living")),
    ("clocks", "Clocks", "Time, kept quietly.", Some("living")),
    ("comfort", "Comfort", "Soft, scented and green.", Some("home")),
    ("bath", "Bath", "Towels that drink.", Some("comfort")),
    ("candles", "Candles", "Poured by hand, scented with care.", Some("comfort")),
    ("plants", "Pots & Planters", "Homes for your plants.", Some("comfort")),
    ("books", "Books", "Stories to get lost in and recipes to come back to.", None),
    ("fiction", "Fiction", "Novels from small presses.", Some("books")),
    ("cookbooks", "Cookbooks", "Read in bed, used in the kitchen.", Some("books")),
    ("audio", "Audio", "Sound for one, and for the whole room.", None),
    ("headphones", "Headphones", "Close to the ear.", Some("audio")),
    ("speakers", "Speakers", "For the shelf, the kitchen and the garden.", Some("audio")),
];

/// Parents before their children.
pub(super) fn categories() -> Vec<(String, CategoryData)> {
    let category = |(position, (slug, name, description, parent)): (usize, &Entry)| {
        let data = CategoryData {
            name: (*name).into(),
            description: (*description).into(),
            parent: parent.map(str::to_owned),
            position: position as u32,
        };
        ((*slug).to_owned(), data)
    };
    TREE.iter().enumerate().map(category).collect()
}

//! Realistic files in `tests/data/shopify`: the products of a good file, and every problem of a bad one. In `cases`:
//! small files of real merchants' kinds, each with its right outcome.

mod cases;

use super::*;

const GOOD: &str = include_str!("../../../tests/data/shopify/good.csv");
const NEWER: &str = include_str!("../../../tests/data/shopify/newer.csv");
const BAD: &str = include_str!("../../../tests/data/shopify/bad.csv");

fn read(text: impl Into<Vec<u8>>) -> Parsed {
    parse(text.into(), &Asked::new(Currency::EUR), Categories::default())
}

#[track_caller]
fn good(text: &str) -> Vec<Import> {
    let parsed = read(text);
    assert_eq!(parsed.bad.lines(), []);
    parsed.imports
}

#[track_caller]
fn complaints(text: &[u8]) -> Vec<(u64, String)> {
    let bad = read(text).bad;
    assert!(bad.total() == bad.lines().len() && bad.total() > 0, "{bad}");
    bad.lines().iter().map(|bad| (bad.line, bad.column.clone())).collect()
}

fn data(import: &Import) -> &ProductData {
    import.data.as_ref().expect("on sale")
}

fn units(import: &Import) -> Vec<u32> {
    import.stock.iter().map(|one| one.units).collect()
}

#[test]
fn variants_over_several_rows_become_one_product() {
    let imports = good(GOOD);
    assert_eq!(imports.len(), 3);
    let shirt = data(&imports[0]);
    assert_eq!(
        (shirt.slug.as_str(), shirt.name.as_str(), shirt.brand.as_str()),
        ("linen-overshirt", "Linen Overshirt", "Maré")
    );
    assert_eq!(shirt.description, "Garment-washed linen, made in Portugal.\n- Two chest pockets\n- Wash at 30°C");
    let options: Vec<_> = shirt.options.iter().map(|option| (option.name.as_str(), option.values.join(" "))).collect();
    assert_eq!(options, [("Color", "Sand Navy".to_owned()), ("Size", "S M".to_owned())]);
    let variants: Vec<_> =
        shirt.variants.iter().map(|v| (v.sku.as_str(), v.options.join("/"), v.price.amount)).collect();
    let wanted = [
        ("MAR-OV-SND-S", "Sand/S".to_owned(), 8_900),
        ("MAR-OV-SND-M", "Sand/M".to_owned(), 8_900),
        ("LINEN-OVERSHIRT-NAVY-S", "Navy/S".to_owned(), 9_250),
    ];
    assert_eq!(variants, wanted);
    let navy = shirt.variants[2].image.as_ref().unwrap();
    assert_eq!(navy.url, "https://cdn.example.com/files/overshirt-navy.jpg");
    assert_eq!(units(&imports[0]), [12, 7, 0]);
}

#[test]
fn image_rows_add_images_in_their_order() {
    let files = |image: &crate::domain::product::Image| image.url.rsplit('-').next().unwrap().to_owned();
    let imports = good(GOOD);
    let images = &data(&imports[0]).images;
    assert_eq!(images.iter().map(files).collect::<Vec<_>>(), ["sand.jpg", "navy.jpg", "back.jpg", "detail.jpg"]);
    assert_eq!(images[2].alt, "Linen Overshirt", "the title stands in for a missing alt text");
    assert_eq!(images[3].alt, "Horn button");
}

#[test]
fn a_simple_product_has_no_options_and_no_negative_stock() {
    let mug = &good(GOOD)[1];
    assert!(data(mug).options.is_empty() && data(mug).variants[0].options.is_empty());
    assert_eq!((mug.stock[0].sku.as_str(), units(mug)), ("0042", vec![0]));
    let (slug, category) = mug.category.as_ref().unwrap();
    assert_eq!(
        (data(mug).categories.join(" "), slug.as_str(), category.name.as_str()),
        ("mugs".into(), "mugs", "Mugs")
    );
}

#[test]
fn a_draft_is_left_out_and_told_and_the_category_falls_back() {
    let parsed = read(GOOD);
    assert_eq!(parsed.imports.iter().map(|import| import.data.is_some()).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(parsed.notes.count(Told::Draft), 1);
    let on_sale = good(&GOOD.replace(",draft", ",active").replace(",FALSE,Title,", ",TRUE,Title,"));
    assert_eq!(data(&on_sale[2]).categories, ["scarves"]);
}

#[test]
fn the_newer_names_mean_the_same() {
    let imports = good(NEWER);
    let bottle = &imports[0];
    assert_eq!(imports.len(), 1);
    assert_eq!(
        (data(bottle).slug.as_str(), data(bottle).description.as_str()),
        ("trail-bottle", "Keeps cold for a day.")
    );
    let variants: Vec<_> = data(bottle).variants.iter().map(|v| (v.sku.as_str(), v.price.amount)).collect();
    assert_eq!(variants, [("FJ-BOT-500", 2_490), ("FJ-BOT-750", 2_990)]);
    assert_eq!(units(bottle), [40, 25]);
    assert_eq!(data(bottle).images[0].alt, "A steel bottle");
    assert!(data(bottle).variants[1].image.is_some());
}

#[test]
fn the_same_file_gives_the_same_ids() {
    assert_eq!(good(GOOD), good(GOOD));
    assert_eq!(good(&GOOD.replace("enamel-mug", "ENAMEL-Mug"))[1].id, good(GOOD)[1].id);
    assert_ne!(good(GOOD)[0].id, good(GOOD)[1].id);
}

#[test]
fn every_bad_line_is_told_with_its_column() {
    let wanted = [
        (2, "Variant Price"),
        (4, "Variant Inventory Qty"),
        (5, "Option1 Value"),
        (5, "Variant SKU"),
        (6, "Option1 Value"),
        (7, ""),
        (8, "Handle"),
        (9, "Status"),
        (9, "Title"),
        (9, "Image Src"),
        (10, ""),
    ];
    assert_eq!(complaints(BAD.as_bytes()), wanted.map(|(line, column)| (line, column.to_owned())));
    let told = read(BAD).bad.to_string();
    assert!(
        told.starts_with("11 problems in the file, nothing was imported\n  line 2, column Variant Price: "),
        "{told}"
    );
    assert!(told.contains("HAT-S stands on line 2 already"), "{told}");
}

#[test]
fn a_file_of_something_else_is_told_apart() {
    assert_eq!(complaints(b""), [(1, String::new())]);
    assert_eq!(complaints(b"Name,Email\nAda,a@b.c\n").len(), 2);
    assert_eq!(complaints(b"Handle,Handle,Title,Price\n"), [(1, "Handle".to_owned())]);
}

#[test]
fn a_byte_order_mark_and_windows_lines_do_no_harm() {
    let text = "\u{feff}Handle,Title,Price\r\nmug,Mug,5\r\n\r\npan,Pan,x\r\n";
    assert_eq!(complaints(text.as_bytes()), [(4, "Price".to_owned())]);
    assert_eq!(good(&text.replace(",x", ",6")).len(), 2);
    let quoted = "Handle,Title,Price,Vendor\r\nmug,Mug,5,\"a\r\nb\r\n\"\r\npan,Pan,x,c";
    assert_eq!(complaints(quoted.as_bytes()), [(5, "Price".to_owned())]);
    assert_eq!(complaints(quoted.replace('\r', "\n").as_bytes()), [(9, "Price".to_owned())]);
}

#[test]
fn the_shops_own_rules_hold_for_the_whole_product() {
    let long = format!("Handle,Title,Price,Body (HTML)\nmug,Mug,5,{}\n", "x".repeat(20_001));
    assert_eq!(complaints(long.as_bytes()), [(2, "Body (HTML)".to_owned())]);
    let category = format!("Handle,Title,Price,Type\nmug,Mug,5,{}\n", "x".repeat(101));
    assert_eq!(complaints(category.as_bytes()), [(2, "Type".to_owned())]);
    let rows: String = (0..2_049).map(|n| format!("mug,Mug,5,N,{n},M-{n}\n")).collect();
    let many = format!("Handle,Title,Price,Option1 Name,Option1 Value,SKU\n{rows}");
    assert_eq!(complaints(many.as_bytes()), [(2_050, String::new())]);
    let long = format!("Handle,Title,Price,Option1 Name,Option1 Value\nmug,Mug,5,{},a\n", "N".repeat(256));
    assert_eq!(complaints(long.as_bytes()), [(2, "Option1 Name".to_owned())]);
    let rows: String =
        (0..251).map(|n| format!("mug,Mug,{},https://x.org/{n}\n", if n == 0 { "5" } else { "" })).collect();
    let images = format!("Handle,Title,Price,Image Src\n{rows}");
    assert_eq!(complaints(images.as_bytes()), [(252, "Image Src".to_owned())]);
}

#[test]
fn odd_handles_and_lost_letters_stay_apart() {
    let text = "Handle,Title,Price,Option1 Name,Option1 Value\n\
                カップ,Cup,5,Color,赤\nカップ,,5,,青\n皿,Dish,5,Title,Default Title\n";
    let imports = good(text);
    assert_ne!(data(&imports[0]).slug, data(&imports[1]).slug);
    let skus: std::collections::HashSet<_> =
        imports.iter().flat_map(|it| it.stock.iter().map(|one| &one.sku)).collect();
    assert_eq!(skus.len(), 3);
}

#[test]
fn a_flood_of_problems_is_counted_but_not_kept() {
    let rows: String = (0..1_500).map(|n| format!("mug-{n},Mug,none\n")).collect();
    let bad = read(format!("Handle,Title,Price\n{rows}")).bad;
    assert_eq!((bad.total(), bad.lines().len()), (1_500, BadFile::KEPT_MAX));
    assert_eq!(bad.kinds().iter().collect::<Vec<_>>(), [(&Fault::Price, &1_500)]);
    assert!(bad.to_string().contains("1500 problems") && bad.to_string().contains("first 1000 are listed"));
}

#[test]
fn an_import_can_be_spawned() {
    fn spawnable<T: Send>(_: impl FnOnce(&'static crate::actors::gateway::Gateway) -> T) {}
    let path = std::path::Path::new("x.csv");
    spawnable(move |gateway| import(gateway, path, Asked::new(Currency::EUR), "system".into(), |_, _| {}));
}

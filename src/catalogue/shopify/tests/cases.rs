//! `tests/data/shopify/cases`: small files of the kinds on which real merchants' exports failed, or came close.

use super::*;
use crate::domain::stock::StockPolicy;

fn case(name: &str) -> Vec<u8> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/shopify/cases/");
    std::fs::read(format!("{dir}{name}.csv")).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn asked(change: impl FnOnce(&mut Asked)) -> Asked {
    let mut asked = Asked::new(Currency::EUR);
    change(&mut asked);
    asked
}

/// One line for each variant: `handle: SKU price units`.
fn sold(parsed: &Parsed) -> Vec<String> {
    let line = |import: &Import| -> Vec<String> {
        let Some(data) = &import.data else { return vec![format!("{}: -", import.handle)] };
        let each = data.variants.iter().zip(&import.stock);
        each.map(|(variant, stock)| {
            format!("{}: {} {} {}", import.handle, variant.sku, variant.price.amount, stock.units)
        })
        .collect()
    };
    parsed.imports.iter().flat_map(line).collect()
}

/// Imported without a complaint.
#[track_caller]
fn is(name: &str, expected: &[&str]) -> Parsed {
    let parsed = read(case(name));
    assert_eq!(parsed.bad.lines(), [], "{name}");
    assert_eq!(sold(&parsed), expected, "{name}");
    parsed
}

/// Refused with exactly these complaints: line, column, words.
#[track_caller]
fn refused(name: &str, expected: &[(u64, &str, &str)]) {
    let bad = read(case(name)).bad;
    let told: Vec<_> = bad.lines().iter().map(|bad| (bad.line, bad.column.as_str(), bad.why.as_str())).collect();
    let same = told.len() == expected.len()
        && told
            .iter()
            .zip(expected)
            .all(|(told, wanted)| told.0 == wanted.0 && told.1 == wanted.1 && told.2.contains(wanted.2));
    assert!(same, "{name}: {told:#?}");
}

#[test]
fn what_spreadsheets_make_of_a_file_is_read() {
    let parsed = is("c01-semicolon", &["mug: M-1 990 3"]);
    assert_eq!(parsed.notes.count(Told::Separator), 1);
    let parsed = is("c02-utf16", &["mug: M-1 990 3"]);
    assert_eq!((data(&parsed.imports[0]).name.as_str(), parsed.notes.count(Told::Encoding)), ("Müg", 1));
    assert_eq!(is("c03-tab", &["mug: M-1 990 3"]).notes.count(Told::Separator), 1);
    let parsed = read(case("c04-cp1252"));
    assert_eq!(parsed.notes.iter().next().unwrap().1.examples, ["windows-1252"]);
    is("c05-bom-quoted", &["mug: M-1 990 3"]);
    is("c10-trailing-commas", &["mug: M-1 1250 3"]);
    is("c11-row-longer", &["mug: M-1 1250 3"]);
    is("c12-row-shorter", &["mug: M-1 1250 3"]);
    is("c13-cr-only", &["mug: M-1 1250 3", "pan: M-2 700 3"]);
    is("c36-header-space", &["mug: M-1 990 3"]);
    is("c37-empty-first-line", &["mug: M-1 990 3"]);
    is("c38-sep-line", &["mug: M-1 990 3"]);
    is("c19-title-only", &["red-mug: RED-MUG 500 0"]);
}

#[test]
fn prices_and_quantities_are_read_where_they_can_mean_one_thing() {
    is("c06-price-thousands", &["mug: M-1 129900 3"]);
    refused("c07-price-comma", &[(2, "Variant Price", "a price like 19.90")]);
    refused("c08-price-sign", &[(2, "Variant Price", "a price like 19.90")]);
    refused("c17-no-price", &[(2, "Variant Price", "a price like 19.90")]);
    refused("c18-no-price-column", &[(1, "Variant Price", "missing")]);
    is("c25-huge-price", &["mug: M-1 999999999999999 1"]);
    refused("c26-huge-price2", &[(2, "Variant Price", "a price like 19.90")]);
    is("c23-qty-float", &["mug: M-1 1250 2"]);
    refused("c24-qty-thousands", &[(2, "Variant Inventory Qty", "a whole number")]);
    is("c27-qty-huge", &["mug: M-1 100 4294967295"]);
}

#[test]
fn skus_of_every_shape_are_sold() {
    refused("c09-sku-sci", &[(2, "Variant SKU", "spreadsheet")]);
    is("c21-sku-space-slash", &["mug: MUG RED 1 1250 3", "pan: PAN/1 700 3"]);
    is("c22-sku-unicode", &["mug: Größe-L 1250 3"]);
    is("c50-sku-lowercase-twin", &["mug: abc-1 990 3", "pan: ABC-1 700 3"]);
    refused("c20-dup-sku", &[(3, "Variant SKU", "M-1 stands on line 2 already")]);
    let derived = parse(case("c20-dup-sku"), &asked(|asked| asked.derive_skus = true), Categories::default());
    assert_eq!((sold(&derived), derived.bad.total()), (vec!["mug: M-1 1250 3".into(), "pan: PAN 700 3".into()], 0));
    assert_eq!(derived.notes.count(Told::SkuAgain), 1);
    let skipped = parse(case("c20-dup-sku"), &asked(|asked| asked.skip_bad = true), Categories::default());
    assert_eq!((sold(&skipped), skipped.notes.count(Told::Skipped)), (vec!["mug: M-1 1250 3".into()], 1));
}

#[test]
fn the_bounds_are_shopifys() {
    assert_eq!(data(&read(case("c30-images-51")).imports[0]).images.len(), 51);
    assert_eq!(data(&read(case("c31-values-101")).imports[0]).options[0].values.len(), 101);
    let many = read(case("c49-variant-500plus"));
    assert!(many.bad.total() == 0 && data(&many.imports[0]).variants.len() > 500);
    assert_eq!(read(case("c46-handle-long")).bad.total(), 0);
    is("c47-title-long", &["mug: M-1 990 3"]);
    let longer = String::from_utf8(case("c47-title-long")).unwrap().replace("aaa,", "aaaa,");
    assert_eq!(complaints(longer.as_bytes()), [(2, "Title".to_owned())]);
    let imports = read(case("c29-protocol-relative")).imports;
    assert_eq!(data(&imports[0]).images[0].url, "https://cdn.example.com/a.jpg");
}

#[test]
fn a_complaint_names_the_line_that_is_wrong_and_no_other() {
    refused("c14-nul", &[(2, "Title", "control characters")]);
    is("c15-title-on-second-row", &["mug: M-2 500 0", "mug: M-1 500 0"]);
    refused("c16-no-option-name", &[(2, "Option1 Name", "no name on any row")]);
    refused("c39-smart-quote", &[(2, "", "5 cells expected, 6 found")]);
    refused("c40-unescaped-quote", &[(4, "", "doubled")]);
    refused("c41-unclosed-quote", &[(2, "", "never closed")]);
    refused("c51-unclosed-min", &[(2, "", "never closed")]);
    refused("c52-unclosed-min2", &[(3, "", "never closed")]);
    refused("c53-unclosed-noeol", &[(3, "", "never closed")]);
    assert_eq!(read(case("c54-1500-bad")).bad.total(), 1_500);
    refused("c43-dup-image-variant", &[(3, "Variant SKU", "same options")]);
    refused("c44-published-yes", &[(2, "Published", "TRUE or FALSE expected")]);
    refused("c45-published-wahr", &[(2, "Published", "TRUE or FALSE expected")]);
    is("c42-option-case", &["mug: M-1 500 0", "mug: M-2 500 0"]);
    is("c48-handle-space", &["my mug: M-1 990 3", "my-mug: M-2 990 3"]);
}

#[test]
fn an_unclosed_quotation_mark_stops_an_import_that_skips_bad_lines_too() {
    let parsed = parse(case("c52-unclosed-min2"), &asked(|asked| asked.skip_bad = true), Categories::default());
    assert!(parsed.bad.is_fatal());
    let one = parse(case("c40-unescaped-quote"), &asked(|asked| asked.skip_bad = true), Categories::default());
    assert!(!one.bad.is_fatal());
    assert_eq!(sold(&one), ["tv: TV-1 19900 3", "pan: P-1 700 1"]);
}

#[test]
fn what_is_not_counted_or_not_sold_is_told() {
    let gift = is("c32-gift-card", &["gift-card: -"]);
    assert_eq!(gift.notes.count(Told::GiftCard), 1);
    let parsed = read(case("c33-untracked"));
    let policies: Vec<_> = parsed.imports.iter().map(|import| import.stock[0].policy).collect();
    let backorder = StockPolicy::Backorder { up_to: Asked::new(Currency::EUR).backorder };
    assert_eq!(policies, [Some(StockPolicy::Untracked), Some(backorder)]);
    assert_eq!((parsed.notes.count(Told::Untracked), parsed.notes.count(Told::Backorder)), (1, 1));
    let parsed = is("c34-no-qty-column", &["mug: M-1 990 0"]);
    assert_eq!((parsed.notes.count(Told::Uncounted), parsed.imports[0].stock[0].policy), (1, None));
    assert_eq!(is("c28-unlisted", &["mug: -"]).notes.count(Told::Unlisted), 1);
    assert_eq!(is("c35-included-false", &["mug: -"]).notes.count(Told::OtherMarkets), 1);
    assert_eq!(is("i02-archived", &["tea-cup: -"]).notes.count(Told::Archived), 1);
    assert_eq!(is("i02-draft", &["tea-cup: -"]).notes.count(Told::Draft), 1);
}

#[test]
fn categories_are_never_merged() {
    let imports = read(case("t01-category-merge")).imports;
    let slugs: Vec<&str> = imports.iter().map(|import| data(import).categories[0].as_str()).collect();
    let distinct: std::collections::BTreeSet<_> = slugs.iter().collect();
    assert_eq!(distinct.len(), imports.len(), "{slugs:?}");
    assert_eq!(slugs[..3], ["kruzhki-2024", "futbolki-2024", "c"]);
}

#[test]
fn descriptions_read_as_a_browser_shows_them() {
    let imports = read(case("h01-html")).imports;
    let text = |handle: &str| {
        let import = imports.iter().find(|import| import.handle == handle).unwrap_or_else(|| panic!("no {handle}"));
        data(import).description.as_str()
    };
    assert_eq!(text("table"), "Size | Chest\nS | 96\nM | 104");
    assert_eq!(text("entities"), "Größe für Männer © ® ™ • «cafè» £5 ½ · Öl ñ ç");
    assert_eq!(text("gt-in-attr"), "Before link after");
    assert_eq!(text("blocks"), "One.\nTwo.\nA.\nH.\nTerm\nDef\nend\nCap\nX");
    assert_eq!(text("pre"), "line 1\nline 2");
    assert_eq!(text("nested-script"), "ab");
    assert_eq!(text("textarea"), "x");
    assert_eq!(text("double-enc"), "Hello & bye");
    assert_eq!(text("lt-text"), "Waist < M: 70cm. Rest of the text that must not vanish");
    assert!(text("nbsp").starts_with("A B C’s 😀"), "{:?}", text("nbsp"));
    assert_eq!(text("upper"), "One\nTwo\n- three");
    assert_eq!(text("ol"), "- first\n- second");
    assert_eq!(text("button"), "AB CD");
    assert_eq!(text("svg-selfclosed"), "abc");
    assert_eq!(text("style-in-body"), "T");
}

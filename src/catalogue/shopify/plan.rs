//! What a file changes in a shop that is there already: who loses a SKU, what is taken down, what carts are told.
//!
//! Pure: made from what the shop sells now and what the file says. A SKU belongs to one product, whatever file it came
//! in; the newest file has it, and the other product goes on without it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Import;
use crate::domain::{
    ids::{ProductId, Sku},
    product::ProductData,
};

/// A product that the shop has.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub data: Box<ProductData>,
    pub archived: bool,
}

#[derive(Debug, Default, PartialEq)]
pub(super) struct Plan {
    /// Products that lose SKUs to the file: without them. `None`: nothing is left to sell.
    pub stripped: BTreeMap<ProductId, Option<ProductData>>,
    /// SKUs that change their product, with the slug of the one that loses them.
    pub taken_over: Vec<(Sku, String)>,
    /// Products that the file calls not on sale and the shop sells.
    pub taken_down: Vec<(ProductId, String)>,
    /// SKUs that no product sells afterwards.
    pub gone: BTreeSet<Sku>,
    /// SKUs that the file sells.
    pub sold: BTreeSet<Sku>,
}

/// `known`: the shop's products that the file names, or that have a SKU of it.
pub(super) fn plan(imports: &[Import], known: &HashMap<ProductId, Known>) -> Plan {
    let mut plan = Plan::default();
    let mut owner: HashMap<&Sku, ProductId> = HashMap::new();
    for import in imports {
        for variant in import.data.iter().flat_map(|data| &data.variants) {
            owner.insert(&variant.sku, import.id);
            plan.sold.insert(variant.sku.clone());
        }
    }
    let named: HashMap<ProductId, &Import> = imports.iter().map(|import| (import.id, import)).collect();
    for (id, known) in known {
        let lost = |sku: &Sku| owner.get(sku).is_some_and(|new| new != id);
        if !known.archived && known.data.variants.iter().any(|variant| lost(&variant.sku)) {
            let slug = &known.data.slug;
            let lost_here = known.data.variants.iter().filter(|variant| lost(&variant.sku));
            plan.taken_over.extend(lost_here.map(|variant| (variant.sku.clone(), slug.clone())));
            plan.stripped.insert(*id, without(&known.data, lost));
        }
        // Of an archived product too: its carts may not have been told, where an earlier run was cut off.
        if let Some(import) = named.get(id) {
            if import.data.is_none() && !known.archived {
                plan.taken_down.push((*id, import.handle.clone()));
            }
            let sold = known.data.variants.iter().map(|variant| &variant.sku);
            plan.gone.extend(sold.filter(|sku| !owner.contains_key(sku)).cloned());
        }
    }
    plan.taken_over.sort();
    plan.taken_down.sort();
    plan
}

/// The product without some of its variants, and without the options' values that only these had.
fn without(data: &ProductData, lost: impl Fn(&Sku) -> bool) -> Option<ProductData> {
    let mut left = data.clone();
    left.variants.retain(|variant| !lost(&variant.sku));
    for (place, option) in left.options.iter_mut().enumerate() {
        let used: BTreeSet<&String> = left.variants.iter().filter_map(|variant| variant.options.get(place)).collect();
        option.values.retain(|value| used.contains(value));
    }
    (!left.variants.is_empty()).then_some(left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::shopify::{Asked, Categories, parse};
    use crate::domain::money::Currency;

    fn imports(csv: &str) -> Vec<Import> {
        let parsed = parse(csv.as_bytes().to_vec(), &Asked::new(Currency::EUR), Categories::default());
        assert_eq!(parsed.bad.lines(), []);
        parsed.imports
    }

    fn shop(csv: &str) -> HashMap<ProductId, Known> {
        let known = |import: Import| Some((import.id, Known { data: Box::new(import.data?), archived: false }));
        imports(csv).into_iter().filter_map(known).collect()
    }

    const HEAD: &str = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Price,Status\n";

    fn sku(text: &str) -> Sku {
        Sku::parse(text).unwrap()
    }

    #[test]
    fn a_sku_goes_to_the_newest_file_and_leaves_its_product() {
        let shop = shop(&format!("{HEAD}cup,Cup,Size,S,CUP-1,5,\ncup,,,M,CUP-2,6,\npan,Pan,,,PAN-1,7,\n"));
        let file = imports(&format!("{HEAD}cup-2026,Cup,,,CUP-1,8,\nlid,Lid,,,PAN-1,1,\n"));
        let plan = plan(&file, &shop);
        assert_eq!(plan.taken_over, [(sku("CUP-1"), "cup".to_owned()), (sku("PAN-1"), "pan".to_owned())]);
        let mut left: Vec<_> = plan.stripped.values().collect();
        left.sort_by_key(|data| data.is_none());
        let [Some(cup), None] = left[..] else { panic!("{left:?}") };
        assert_eq!((cup.variants.len(), cup.options[0].values.join(" ")), (1, "M".to_owned()));
        assert!(plan.gone.is_empty() && plan.taken_down.is_empty(), "both are sold on");
    }

    #[test]
    fn what_is_taken_down_is_gone_unless_another_sells_it() {
        let shop = shop(&format!("{HEAD}cup,Cup,Size,S,CUP-1,5,\ncup,,,M,CUP-2,6,\npan,Pan,,,PAN-1,7,\n"));
        let file = imports(&format!("{HEAD}cup,Cup,Size,S,CUP-1,5,draft\nmug,Mug,,,CUP-2,6,\npan,Pan,,,PAN-9,7,\n"));
        let plan = plan(&file, &shop);
        assert_eq!(plan.taken_down.iter().map(|(_, handle)| handle.as_str()).collect::<Vec<_>>(), ["cup"]);
        assert_eq!(plan.gone, BTreeSet::from([sku("CUP-1"), sku("PAN-1")]));
    }

    #[test]
    fn the_same_file_changes_nothing() {
        let csv = format!("{HEAD}cup,Cup,Size,S,CUP-1,5,\ncup,,,M,CUP-2,6,\n");
        let plan = plan(&imports(&csv), &shop(&csv));
        assert_eq!((plan.stripped.len(), plan.gone.len(), plan.sold.len()), (0, 0, 2));
    }
}

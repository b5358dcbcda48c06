//! Shoes and hats.

use super::{Family, LEATHER, SOFT};

const SIZES: &[&str] = &["39", "40", "41", "42", "43", "44"];

pub(super) const FAMILIES: &[Family] = &[
    Family {
        category: "trainers",
        picture: "trainer",
        code: "TRA",
        noun: "Trainers",
        material_first: true,
        count: 14,
        sizes: SIZES,
        colours: &[2, 3],
        palette: SOFT,
        leads: &[
            ("Court", "A low, clean silhouette borrowed from old indoor courts."),
            ("City", "Made for ten thousand steps a day, with a sole that forgives cobblestones."),
            ("Runner", "Light on the foot, with a rocker sole that rolls you forward."),
            ("Retro", "The panels and the swoop of a 1978 training shoe, on a far better last."),
        ],
        materials: &[
            ("Canvas", "The cotton canvas upper breathes and can be brushed clean."),
            ("Suede", "Soft suede overlays protect the toe and the heel."),
            ("Knit", "The one-piece knitted upper fits like a sock and has nothing to rub."),
            ("Leather", "Full-grain leather, chrome-free tanned, wears in rather than out."),
        ],
        details: &[
            "Removable cork insole; natural rubber outsole.",
            "Fits true to size; between sizes, take the larger.",
            "The sole is stitched as well as glued, so it can be replaced.",
        ],
        brands: &["Tolm", "Strand & Sole", "Northbank"],
        price: 8_990,
    },
    Family {
        category: "boots",
        picture: "boot",
        code: "BOO",
        noun: "Boots",
        material_first: true,
        count: 14,
        sizes: SIZES,
        colours: &[2, 3],
        palette: LEATHER,
        leads: &[
            ("Hiking", "A mid-height boot that holds the ankle on loose ground and needs no breaking in."),
            ("Work", "Stitched down twice around and built to be resoled for decades."),
            ("Winter", "Lined to the toe, with a deep lug sole that finds grip on packed snow."),
            ("Desert", "Unlined and light, shaped for dry roads and long afternoons."),
        ],
        materials: &[
            ("Nubuck", "The nubuck is thick, supple and treated against rain."),
            ("Leather", "Vegetable-tanned leather from Tuscany darkens beautifully with wear."),
            ("Waxed Suede", "Waxed suede shrugs off mud; brush it when dry."),
            ("Oiled Leather", "The oiled pull-up leather turns every scuff into patina."),
        ],
        details: &[
            "Goodyear welted, with a storm welt against wet feet.",
            "Comes with two pairs of laces and a tin of grease.",
            "Take half a size more if you like thick socks.",
        ],
        brands: &["Fjellmark", "Strand & Sole", "Halden & Rowe"],
        price: 16_900,
    },
    Family {
        category: "hats",
        picture: "hat",
        code: "HAT",
        noun: "Hat",
        material_first: true,
        count: 14,
        sizes: &["S-M", "L-XL"],
        colours: &[3, 4],
        palette: SOFT,
        leads: &[
            ("Fedora", "A pinched crown and a snapped brim, with a feather that comes out if you would rather not."),
            ("Traveller", "Rolls up in a suitcase and springs back when you arrive."),
            ("Wide-Brim", "Eight centimetres of shade all round, stiff enough for a sea breeze."),
            ("Rambler", "A soft hat for hedgerows and Sunday walks."),
        ],
        materials: &[
            ("Wool Felt", "The felt is blocked by hand over steam in a workshop near Alessandria."),
            ("Straw", "Woven from fine paper straw, it is light and takes the sun well."),
            ("Linen", "Stitched linen keeps the head cool and washes by hand."),
            ("Waxed", "Waxed cotton keeps out the rain and gathers a fine patina."),
        ],
        details: &[
            "Inner band of absorbent cotton, adjustable by a hidden cord.",
            "S-M fits 55 to 57 cm, L-XL fits 58 to 60 cm.",
            "Grosgrain ribbon sewn on by hand.",
        ],
        brands: &["Mira Lind", "Kestrel Row", "Oda"],
        price: 4_990,
    },
];

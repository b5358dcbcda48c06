//! A family of products: the words, colours, sizes and price that its members are made of.

mod clothing;
mod home;
mod shoes;
mod things;

/// A word of a name, and the sentence that goes with it in the description.
pub(super) type Word = (&'static str, &'static str);
/// A colour's name and 0xRRGGBB.
pub(super) type Colour = (&'static str, u32);

pub(super) struct Family {
    pub category: &'static str,
    /// A drawing's name, see `picture`.
    pub picture: &'static str,
    /// First part of its SKUs.
    pub code: &'static str,
    /// Last word of its names; empty where the two others make a title.
    pub noun: &'static str,
    /// `Brass Library Lamp` rather than `Relaxed Linen Shirt`.
    pub material_first: bool,
    /// Products to make; at most `leads` x `materials`.
    pub count: usize,
    /// Empty: a simple product, without options.
    pub sizes: &'static [&'static str],
    /// Colours of a product, taken in turn.
    pub colours: &'static [usize],
    pub palette: &'static [Colour],
    pub leads: &'static [Word],
    pub materials: &'static [Word],
    pub details: &'static [&'static str],
    pub brands: &'static [&'static str],
    /// Minor units: the price in the middle of its range.
    pub price: u32,
}

pub(super) fn all() -> impl Iterator<Item = &'static Family> {
    [clothing::FAMILIES, shoes::FAMILIES, home::FAMILIES, things::FAMILIES].into_iter().flatten()
}

const SOFT: &[Colour] = &[
    ("Navy", 0x2c3e5c),
    ("Ecru", 0xe9dfca),
    ("Moss", 0x5f7350),
    ("Rust", 0xb0553a),
    ("Charcoal", 0x3a3a42),
    ("Sky", 0x8fb4cc),
    ("Plum", 0x74496a),
    ("Ochre", 0xd0a044),
    ("Rosewood", 0xb97078),
    ("Petrol", 0x2b6777),
];
const LEATHER: &[Colour] = &[
    ("Cognac", 0xa9683a),
    ("Black", 0x2e2c31),
    ("Chestnut", 0x70432f),
    ("Sand", 0xd5bd98),
    ("Olive", 0x6a6a48),
    ("Oxblood", 0x6e2b33),
];
const GLAZES: &[Colour] = &[
    ("Chalk", 0xe6e0d4),
    ("Lagoon", 0x3d7f8c),
    ("Clay", 0xba6a4b),
    ("Fern", 0x6f8c63),
    ("Ink", 0x34405c),
    ("Honey", 0xd8a649),
    ("Blush", 0xd79d97),
    ("Slate", 0x6b7580),
];

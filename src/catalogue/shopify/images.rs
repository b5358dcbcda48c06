//! A product's images, and the image of a variant.

use super::{BadFile, Fault, build::one_line, columns::Column, row::Row};
use crate::domain::product::{Image, limits};

pub(super) fn image(row: &Row, column: Column, title: &str, bad: &mut BadFile) -> Option<Image> {
    let text = row.get(column);
    if text.is_empty() {
        return None;
    }
    // Shopify's own pages name its image server without a scheme.
    let url = if text.starts_with("//") { format!("https:{text}") } else { text.to_owned() };
    if !url.starts_with("https://") && !url.starts_with("http://") {
        row.bad(bad, column, Fault::Image, "an address that begins with https:// or http:// expected");
        return None;
    }
    let alt = match column == Column::ImageSrc && !row.get(Column::ImageAlt).is_empty() {
        true => row.get(Column::ImageAlt),
        false => title,
    };
    Some(Image { url, alt: one_line(alt) })
}

/// By `Image Position`, those without one last; each address once.
pub(super) fn of(rows: &[Row], title: &str, bad: &mut BadFile) -> Vec<Image> {
    let mut placed: Vec<(u32, Image)> = Vec::new();
    for row in rows {
        let Some(image) = image(row, Column::ImageSrc, title, bad) else { continue };
        let position = match row.get(Column::ImagePosition) {
            "" => u32::MAX,
            text => text.parse().unwrap_or_else(|_| {
                let why = format!("a whole number expected, {text:?} found");
                row.bad(bad, Column::ImagePosition, Fault::Image, why);
                u32::MAX
            }),
        };
        if placed.iter().any(|(_, known)| known.url == image.url) {
            continue;
        }
        if placed.len() == limits::IMAGES_MAX {
            let why = format!("a product has at most {} images", limits::IMAGES_MAX);
            row.bad(bad, Column::ImageSrc, Fault::Image, why);
            break;
        }
        placed.push((position, image));
    }
    placed.sort_by_key(|(position, _)| *position);
    placed.into_iter().map(|(_, image)| image).collect()
}

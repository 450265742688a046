// The ten things that are photographed: from a plain bottle to what is hard to cut out (thin stems, hair,
// see-through handles and slats).
#pragma once
#include <string_view>

#include "tools/shots/painter.h"

namespace darkroom::shots {

enum class Shape { bottle, mug, blob, ring, box, plant, plush, glasses, chair, bag };
inline constexpr int shape_count = 10;

std::string_view name_of(Shape shape);

/// Linear colours of an object's main surface, its second material and its small details.
struct Palette {
    cv::Vec3f main;
    cv::Vec3f second;
    cv::Vec3f detail;
};

void draw_bottle(Painter& painter, const Palette& palette, Random& random);
void draw_mug(Painter& painter, const Palette& palette, Random& random);
void draw_blob(Painter& painter, const Palette& palette, Random& random);
void draw_ring(Painter& painter, const Palette& palette, Random& random);
void draw_box(Painter& painter, const Palette& palette, Random& random);
void draw_plant(Painter& painter, const Palette& palette, Random& random);
void draw_plush(Painter& painter, const Palette& palette, Random& random);
void draw_glasses(Painter& painter, const Palette& palette, Random& random);
void draw_chair(Painter& painter, const Palette& palette, Random& random);
void draw_bag(Painter& painter, const Palette& palette, Random& random);

}  // namespace darkroom::shots

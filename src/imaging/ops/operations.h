// The table of operations that this pixel process can do.
#pragma once
#include <string_view>

#include "imaging/ops/operation.h"
#include "imaging/ops/written_file.h"

namespace darkroom::imaging {

struct OperationTraits {
    std::string_view type;  // the job type it does
    Operation run;
    bool keeps_16_bit;   // otherwise it is given 8 bits
    bool reduces_first;  // what is larger than the result may be is reduced before the work, not after it
    Inspect inspect = nullptr;  // looks at the written file, where that has to keep a promise
};

/// nullptr if there is none of that name.
const OperationTraits* find_operation(std::string_view type);

}  // namespace darkroom::imaging

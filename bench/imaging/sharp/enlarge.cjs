// sharp as a peer of the imaging benchmark. usage: node enlarge.cjs NODE_MODULES version | resize IN OUT LONG_SIDE
"use strict";
const path = require("node:path");
const [, , folder, task, input, output, side] = process.argv;
const sharp = require(path.join(path.resolve(folder), "sharp"));

if (task === "version") {
    console.log(`sharp ${sharp.versions.sharp}`);
} else {
    sharp(input)
        .resize(Number(side), Number(side), { fit: "inside", kernel: "lanczos3" })
        .png({ compressionLevel: 3 })
        .toFile(output)
        .catch((error) => {
            console.error(error.message);
            process.exit(1);
        });
}

#include "objects/s3/s3_xml.h"

#include <charconv>
#include <pugixml.hpp>
#include <sstream>

namespace darkroom::objects {
namespace {

using pugi::xml_node;

// parse_minimal: no declarations, comments or DOCTYPE are kept, no entity but the five of XML and numbers is
// known, so nothing can be made to grow; and pugixml neither parses nor frees by recursion, so no depth
// hurts. A key may be blanks alone, which would be dropped otherwise.
constexpr unsigned parse_options = pugi::parse_minimal | pugi::parse_escapes | pugi::parse_cdata |
                                   pugi::parse_ws_pcdata_single | pugi::parse_doctype;
/// A document whose root is `root`; every other one is empty.
class Document {
public:
    Document(std::string_view xml, std::string_view root) {
        while (!xml.empty() && static_cast<unsigned char>(xml.front()) <= 0x20) xml.remove_prefix(1);
        if (xml.empty() || xml.front() != '<') return;
        if (!document_.load_buffer(xml.data(), xml.size(), parse_options, pugi::encoding_utf8)) return;
        // S3 declares no types; whoever does wants to be expanded.
        for (const auto& node : document_.children()) {
            if (node.type() == pugi::node_doctype) return;
        }
        const auto node = document_.document_element();
        if (local_name(node) == root) root_ = node;
    }
    explicit operator bool() const { return static_cast<bool>(root_); }
    xml_node root() const { return root_; }

    // Some servers write S3's namespace with a prefix.
    static std::string_view local_name(const xml_node& node) {
        const std::string_view name = node.name();
        const auto colon = name.find(':');
        return colon == std::string_view::npos ? name : name.substr(colon + 1);
    }

private:
    pugi::xml_document document_;
    xml_node root_;
};

xml_node child(const xml_node& node, std::string_view name) {
    for (const auto& one : node.children()) {
        if (Document::local_name(one) == name) return one;
    }
    return {};
}

std::string text(const xml_node& node, std::string_view name) { return child(node, name).text().get(); }

std::optional<std::uint64_t> number(const xml_node& node, std::string_view name) {
    const auto digits = text(node, name);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size() || digits.empty()) return std::nullopt;
    return value;
}

TimePoint time(const xml_node& node, std::string_view name) {
    return parse_rfc3339(text(node, name)).value_or(TimePoint{});
}

bool is_true(const xml_node& node, std::string_view name) {
    const auto value = text(node, name);
    return value == "true" || value == "True";
}

std::string written(const pugi::xml_document& document) {
    std::ostringstream out;
    document.save(out, "", pugi::format_raw, pugi::encoding_utf8);
    return out.str();
}

}  // namespace

std::optional<S3ErrorText> read_error(std::string_view xml) {
    const Document document(xml, "Error");
    if (!document) return std::nullopt;
    const auto root = document.root();
    return S3ErrorText{text(root, "Code"), text(root, "Message"), text(root, "Region"),
                       text(root, "Endpoint")};
}

std::optional<S3Listing> read_listing(std::string_view xml) {
    const Document document(xml, "ListBucketResult");
    if (!document) return std::nullopt;
    // Every server tells whether there is more; where that is missing, nobody knows what else is.
    if (!child(document.root(), "IsTruncated")) return std::nullopt;
    const bool encoded = text(document.root(), "EncodingType") == "url";
    S3Listing listing;
    for (const auto& node : document.root().children()) {
        if (Document::local_name(node) != "Contents") continue;
        auto key = text(node, "Key");
        const auto bytes = number(node, "Size");
        if (key.empty() || !bytes) return std::nullopt;
        listing.objects.push_back(
            {encoded ? percent_decode(key) : std::move(key), *bytes, time(node, "LastModified")});
    }
    listing.is_truncated = is_true(document.root(), "IsTruncated");
    listing.next = text(document.root(), "NextContinuationToken");
    return listing;
}

std::optional<S3UploadListing> read_uploads(std::string_view xml) {
    const Document document(xml, "ListMultipartUploadsResult");
    if (!document) return std::nullopt;
    const bool encoded = text(document.root(), "EncodingType") == "url";
    S3UploadListing listing;
    for (const auto& node : document.root().children()) {
        if (Document::local_name(node) != "Upload") continue;
        auto key = text(node, "Key");
        auto id = text(node, "UploadId");
        if (key.empty() || id.empty()) return std::nullopt;
        listing.uploads.push_back(
            {encoded ? percent_decode(key) : std::move(key), std::move(id), time(node, "Initiated")});
    }
    listing.is_truncated = is_true(document.root(), "IsTruncated");
    listing.next_key = text(document.root(), "NextKeyMarker");
    if (encoded) listing.next_key = percent_decode(listing.next_key);
    listing.next_id = text(document.root(), "NextUploadIdMarker");
    return listing;
}

std::optional<std::string> read_upload_id(std::string_view xml) {
    const Document document(xml, "InitiateMultipartUploadResult");
    auto id = document ? text(document.root(), "UploadId") : std::string();
    if (id.empty()) return std::nullopt;
    return id;
}

std::optional<std::string> read_etag(std::string_view xml) {
    for (const auto* root : {"CompleteMultipartUploadResult", "CopyObjectResult"}) {
        if (const Document document(xml, root); document) return text(document.root(), "ETag");
    }
    return std::nullopt;
}

std::optional<std::vector<S3RemoveFault>> read_remove_faults(std::string_view xml) {
    const Document document(xml, "DeleteResult");
    if (!document) return std::nullopt;
    std::vector<S3RemoveFault> faults;
    for (const auto& node : document.root().children()) {
        if (Document::local_name(node) != "Error") continue;
        faults.push_back({text(node, "Key"), text(node, "Code"), text(node, "Message")});
    }
    return faults;
}

std::string write_parts(std::span<const std::string> etags) {
    pugi::xml_document document;
    auto root = document.append_child("CompleteMultipartUpload");
    int part_number = 0;
    for (const auto& etag : etags) {
        auto part = root.append_child("Part");
        part.append_child("PartNumber").text().set(++part_number);
        part.append_child("ETag").text().set(etag.c_str());
    }
    return written(document);
}

std::string write_removals(std::span<const core::ObjectKey> keys) {
    pugi::xml_document document;
    auto root = document.append_child("Delete");
    root.append_child("Quiet").text().set("true");
    for (const auto& key : keys) {
        root.append_child("Object").append_child("Key").text().set(key.str().c_str());
    }
    return written(document);
}

std::string percent_decode(std::string_view encoded) {
    std::string out;
    for (std::size_t at = 0; at < encoded.size(); ++at) {
        const char c = encoded[at];
        unsigned value = 0;
        if (c == '%' && at + 2 < encoded.size()) {
            const auto* digits = encoded.data() + at + 1;
            const auto [end, error] = std::from_chars(digits, digits + 2, value, 16);
            if (error == std::errc{} && end == digits + 2) {
                out += static_cast<char>(value);
                at += 2;
                continue;
            }
        }
        out += c == '+' ? ' ' : c;
    }
    return out;
}

}  // namespace darkroom::objects

// What documents and examples claim about the code: settings, rooms, links. A document that nobody checks
// goes stale.
#pragma once
#include <set>
#include <string>
#include <vector>

#include "tests/house/source_tree.h"

namespace darkroom::house {

/// The names before = in an environment file, also where the line is commented out because it shows a
/// default.
std::set<std::string> names_in_env_file(std::string_view text);

/// The settings of a table file: the first argument, quoted or not, of the call that begins a line.
std::set<std::string> names_in_settings_table(std::string_view text);

/// .env.example, the table of settings and docs/configuration.md name the same settings; those that do not
/// exist are left out.
std::vector<Finding> check_settings(const std::vector<SourceFile>& files);

/// Every room of src/ and apps/ has its line in ARCHITECTURE.md.
std::vector<Finding> check_architecture(const std::vector<SourceFile>& files);

/// Relative links of Markdown files lead to something below `root`.
std::vector<Finding> check_document_links(const SourceFile& document, const std::filesystem::path& root);

}  // namespace darkroom::house

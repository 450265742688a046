// Rows of text in columns: aligned under a head for people, separated by tabs and without a head for
// programs. Pure.
#pragma once
#include <string>
#include <vector>

namespace darkroom::cli {

class Table {
public:
    explicit Table(std::vector<std::string> head) : head_(std::move(head)) {}

    /// One cell for each column of the head. Cells are made printable; an empty one shows as "-".
    void add(std::vector<std::string> cells);
    bool empty() const { return rows_.empty(); }

    /// Lines at most `width` columns wide: the last column gives way, the others keep what they hold.
    std::vector<std::string> lines(int width) const;
    std::vector<std::string> plain_lines() const;

private:
    std::vector<std::string> head_;
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace darkroom::cli

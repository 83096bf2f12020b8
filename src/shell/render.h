// A reading as one line, for tests' tables. Only for tests.
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "shell/read.h"

namespace bailiwick {

// Words apart by a blank, in '..' if they have one, ?(source) if unknown; A=value; >file <file; ok for what is
// harmless, the descriptor before it if one is written; then what it stands in after @: s(ubshell) p(ipeline) l(oop)
// c(ondition) b(ranch) $ g(roup) i(nput).
inline std::string render_word(const ShellWord& word) {
  if (!word.is_literal) return "?(" + word.text + ")";
  return word.text.empty() || word.text.find_first_of(" \n\t") != std::string::npos ? "'" + word.text + "'" : word.text;
}

inline std::string render_reading(const ShellReading& reading) {
  if (reading.is_opaque) return "OPAQUE " + std::to_string(reading.offset) + " " + reading.reason;
  constexpr const char* kJoins[] = {"", "; ", "& ", "&& ", "|| ", "| ", "|& "};
  constexpr const char* kRedirects[] = {"<", ">", ">>", "dup:", "<<", "<<<"};
  std::string out;
  for (const SimpleCommand& command : reading.commands) {
    if (!out.empty()) out += "  ";
    out += kJoins[static_cast<int>(command.join)];
    std::string body;
    for (const ShellAssignment& made : command.assignments)
      body += " " + made.name + (made.appends ? "+=" : "=") + render_word(made.value);
    for (const ShellWord& word : command.words) body += " " + render_word(word);
    for (const ShellRedirect& made : command.redirects) {
      const bool is_text = made.kind == RedirectKind::here_document || made.kind == RedirectKind::here_string;
      body += " " + (made.descriptor < 0 ? std::string() : std::to_string(made.descriptor));
      body += made.is_harmless && !is_text ? "ok" : kRedirects[static_cast<int>(made.kind)] + render_word(made.target);
    }
    out += body.empty() ? "" : body.substr(1);
    std::string context;
    for (int bit = 0; bit < 8; ++bit) {
      if ((command.context & (1 << bit)) != 0) context += "splcb$gi"[bit];
    }
    if (!context.empty()) out += " @" + context;
  }
  std::string flat;
  for (const char c : out) flat += c == '\n' ? std::string("\\n") : std::string(1, c);
  return flat;
}

// A file of texts, one a line: \n is a newline, \t a tab, backslash before any other byte is that byte.
struct Line {
  std::string shown;
  std::string text;
};

inline std::vector<Line> lines_of(const char* path) {
  std::vector<Line> out;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("# --") || line.starts_with("# One") || line.empty()) continue;
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const bool is_escape = line[i] == '\\' && i + 1 < line.size();
      if (is_escape) ++i;
      text += is_escape && line[i] == 'n' ? '\n' : is_escape && line[i] == 't' ? '\t' : line[i];
    }
    out.push_back({.shown = line, .text = text});
  }
  return out;
}

}  // namespace bailiwick

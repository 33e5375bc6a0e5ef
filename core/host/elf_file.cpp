// SPDX-License-Identifier: Apache-2.0
#include "host/elf_file.hpp"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace bellhop::core {

namespace {

#if defined(__x86_64__)
constexpr unsigned machine_of_host = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned machine_of_host = EM_AARCH64;
#elif defined(__riscv)
constexpr unsigned machine_of_host = EM_RISCV;
#elif defined(__powerpc64__)
constexpr unsigned machine_of_host = EM_PPC64;
#elif defined(__s390x__)
constexpr unsigned machine_of_host = EM_S390;
#else
#error "name the ELF machine of this processor here"
#endif
constexpr std::size_t segments_count_max = 256;

std::string machine_name(unsigned machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "arm64";
    case EM_ARM:
      return "arm (32 bits)";
    case EM_386:
      return "x86 (32 bits)";
    case EM_RISCV:
      return "riscv";
    case EM_PPC64:
      return "ppc64";
    case EM_S390:
      return "s390";
    default:
      return "ELF machine " + std::to_string(machine);  // any number may come
  }
}

struct File {
  int fd;
  ~File() {
    if (fd >= 0) ::close(fd);
  }
  bool read(void *out, std::size_t size, std::uint64_t offset) const {
    return ::pread(fd, out, size, static_cast<off_t>(offset)) == static_cast<ssize_t>(size);
  }
};

Error refuse(const std::string &path, const std::string &why) { return Error{Kind::invalid, path + ": " + why}; }

// Every part that the loader will map must be in the file.
Result<void> check_segments(const File &file, const std::string &path, const Elf64_Ehdr &header, std::uint64_t size) {
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0 || header.e_phnum > segments_count_max) {
    return refuse(path, "damaged ELF file: " + std::to_string(header.e_phnum) + " program headers");
  }
  std::vector<Elf64_Phdr> segments(header.e_phnum);
  if (!file.read(segments.data(), segments.size() * sizeof(Elf64_Phdr), header.e_phoff)) {
    return refuse(path, "cut off: its program headers are beyond its end at " + std::to_string(size) + " bytes");
  }
  for (const Elf64_Phdr &segment : segments) {
    if (segment.p_type != PT_LOAD && segment.p_type != PT_DYNAMIC) continue;
    if (segment.p_filesz > size || segment.p_offset > size - segment.p_filesz) {
      return refuse(path, "cut off: it has " + std::to_string(size) + " bytes, its headers speak of at least " +
                              std::to_string(segment.p_offset + segment.p_filesz));
    }
  }
  return {};
}

constexpr std::size_t note_bytes_max = 64 << 10;

// untrusted: any bytes may stand in a file that somebody calls a plugin
std::string build_id_in(const std::vector<unsigned char> &notes) {
  const auto padded = [](std::size_t size) { return (size + 3) & ~std::size_t{3}; };
  for (std::size_t at = 0; at + sizeof(Elf64_Nhdr) <= notes.size();) {
    Elf64_Nhdr note;
    std::memcpy(&note, notes.data() + at, sizeof note);
    const std::size_t name_at = at + sizeof note, text_at = name_at + padded(note.n_namesz);
    const std::size_t next_at = text_at + padded(note.n_descsz);
    if (note.n_namesz > notes.size() || note.n_descsz > notes.size() || next_at > notes.size()) return "";
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(notes.data() + name_at, "GNU", 4) == 0) {
      std::string digits;
      for (std::size_t i = 0; i < note.n_descsz; ++i) {
        digits += "0123456789abcdef"[notes[text_at + i] >> 4];
        digits += "0123456789abcdef"[notes[text_at + i] & 15];
      }
      return digits;
    }
    at = next_at;
  }
  return "";
}

}  // namespace

std::string build_id_of(const std::string &path) {
  const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  Elf64_Ehdr header{};
  if (file.fd < 0 || !file.read(&header, sizeof header, 0) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr) ||
      header.e_phnum > segments_count_max) {
    return "";
  }
  std::vector<Elf64_Phdr> segments(header.e_phnum);
  if (!file.read(segments.data(), segments.size() * sizeof(Elf64_Phdr), header.e_phoff)) return "";
  for (const Elf64_Phdr &segment : segments) {
    if (segment.p_type != PT_NOTE || segment.p_filesz > note_bytes_max) continue;
    std::vector<unsigned char> notes(segment.p_filesz);
    if (!file.read(notes.data(), notes.size(), segment.p_offset)) continue;
    if (std::string id = build_id_in(notes); !id.empty()) return id;
  }
  return "";
}

Result<void> check_elf_file(const std::string &path) {
  const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat state {};
  if (file.fd < 0 || ::fstat(file.fd, &state) != 0) {
    const Kind kind = errno == ENOENT ? Kind::not_found : Kind::unavailable;
    return Error{kind, path + ": cannot open the plugin library: " + std::strerror(errno)};
  }
  if (!S_ISREG(state.st_mode)) return refuse(path, "not a file");
  const auto size = static_cast<std::uint64_t>(state.st_size);

  Elf64_Ehdr header{};
  if (!file.read(&header, SELFMAG, 0) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return refuse(path, "not a plugin library: it is no ELF file");
  }
  if (!file.read(&header, sizeof header, 0)) return refuse(path, "cut off after " + std::to_string(size) + " bytes");
  if (header.e_machine != machine_of_host) {
    return refuse(path,
                  "built for " + machine_name(header.e_machine) + ", this host is " + machine_name(machine_of_host));
  }
  if (header.e_ident[EI_CLASS] != ELFCLASS64) return refuse(path, "a 32-bit library, this host is a 64-bit program");
  if (header.e_ident[EI_DATA] != (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB)) {
    return refuse(path, "built for the other byte order");
  }
  if (header.e_type != ET_DYN)
    return refuse(path, "not a shared library (ELF type " + std::to_string(header.e_type) + ")");
  return check_segments(file, path, header, size);
}

// ---- the dynamic tables
// ------------------------------------------------------------------------------------------------ untrusted: every
// number in the file may be wrong, so each is checked before it is used.

namespace {

constexpr std::uint64_t table_bytes_max = 64 << 20;

// A whole section as entries of one type.
template <class Entry>
bool read_table(const File &file, const Elf64_Shdr &section, std::vector<Entry> &out) {
  if (section.sh_size > table_bytes_max || section.sh_size % sizeof(Entry) != 0) return false;
  out.resize(section.sh_size / sizeof(Entry));
  return file.read(out.data(), section.sh_size, section.sh_offset);
}

// The text that begins at `offset`; false when it does not end within the table.
bool text_at(const std::vector<char> &texts, std::uint64_t offset, std::string &out) {
  if (offset >= texts.size()) return false;
  const auto begin = texts.begin() + static_cast<std::ptrdiff_t>(offset);
  const auto end = std::find(begin, texts.end(), '\0');
  if (end == texts.end()) return false;
  out.assign(begin, end);
  return true;
}

bool take_symbols(const File &file, const Elf64_Shdr &section, const std::vector<char> &texts, ElfFacts &facts) {
  std::vector<Elf64_Sym> symbols;
  if (!read_table(file, section, symbols)) return false;
  for (const Elf64_Sym &symbol : symbols) {
    const unsigned bind = ELF64_ST_BIND(symbol.st_info), visibility = ELF64_ST_VISIBILITY(symbol.st_other);
    const bool is_open = visibility == STV_DEFAULT || visibility == STV_PROTECTED;
    if (bind == STB_LOCAL || symbol.st_shndx == SHN_UNDEF || !is_open) continue;
    std::string name;
    if (!text_at(texts, symbol.st_name, name)) return false;
    facts.exports.push_back(std::move(name));
  }
  return true;
}

bool take_dynamic(const File &file, const Elf64_Shdr &section, const std::vector<char> &texts, ElfFacts &facts) {
  std::vector<Elf64_Dyn> entries;
  if (!read_table(file, section, entries)) return false;
  for (const Elf64_Dyn &entry : entries) {
    if (entry.d_tag == DT_NULL) break;
    if (entry.d_tag == DT_FLAGS_1) facts.is_nodelete = (entry.d_un.d_val & DF_1_NODELETE) != 0;
    std::string name;
    if (entry.d_tag == DT_NEEDED && !text_at(texts, entry.d_un.d_val, name)) return false;
    if (entry.d_tag == DT_NEEDED) facts.needed.push_back(std::move(name));
  }
  return true;
}

}  // namespace

Result<ElfFacts> elf_facts(const std::string &path) {
  if (auto checked = check_elf_file(path); !checked) return checked.error();
  const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  Elf64_Ehdr header{};
  if (file.fd < 0 || !file.read(&header, sizeof header, 0)) return refuse(path, "cannot be read");
  if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shnum == 0) {  // at most 65,535 by its type
    return refuse(path, "has no section headers, so that its symbols cannot be listed; was it stripped of them?");
  }
  std::vector<Elf64_Shdr> sections(header.e_shnum);
  if (!file.read(sections.data(), sections.size() * sizeof(Elf64_Shdr), header.e_shoff)) {
    return refuse(path, "its section headers lie outside of the file");
  }
  ElfFacts facts;
  for (const Elf64_Shdr &section : sections) {
    if (section.sh_type != SHT_DYNSYM && section.sh_type != SHT_DYNAMIC) continue;
    std::vector<char> texts;
    const bool is_sound = section.sh_link < sections.size() && read_table(file, sections[section.sh_link], texts) &&
                          (section.sh_type == SHT_DYNSYM ? take_symbols(file, section, texts, facts)
                                                         : take_dynamic(file, section, texts, facts));
    if (!is_sound) return refuse(path, "its dynamic tables do not hold together");
  }
  return facts;
}

}  // namespace bellhop::core

// Variable envelope return paths: a sender "box-@host-@[]" asks for a return path of its own for each recipient, so
// that its owner can tell from the address whose copy failed (qmail-send(8)). A list manager, a .qmail-owner file or
// qmail-inject's flag r makes such senders.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::mail {

// "box-@host" of "box-@host-@[]"; nothing: the sender is an ordinary one.
std::optional<std::string_view> verp_base(std::string_view sender);

// The return path of the copy for `recipient`: "box-rbox=rhost@host" for rbox@rhost. An ordinary sender stays.
std::string return_path_for(std::string_view sender, std::string_view recipient);

}  // namespace sluice::mail

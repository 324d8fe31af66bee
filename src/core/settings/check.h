// Checks of text settings and of the entries of list settings, one function a kind; the table names the one it wants.
// Each answers nothing when the text is fine. Pure; never throws.
#pragma once

#include <optional>
#include <string_view>

#include "base/grammar_error.h"

namespace sluice::settings {

using Check = std::optional<GrammarError> (*)(std::string_view text);

// Names of this host: mail.example.org, [192.0.2.1] (RFC 5321 4.1.2). ASCII, because they stand in greetings and
// headers.
std::optional<GrammarError> check_host_name(std::string_view text);
std::optional<GrammarError> check_domain(std::string_view text);            // the same, UTF-8 too (RFC 6531)
std::optional<GrammarError> check_domain_or_suffix(std::string_view text);  // example.org, .example.org
std::optional<GrammarError> check_local_part(std::string_view text);        // MAILER-DAEMON
std::optional<GrammarError> check_virtual_domain(
    std::string_view text);  // example.org:prefix, user@example.org:prefix, :prefix
std::optional<GrammarError> check_smtp_route(std::string_view text);  // domain:host:port, .suffix:host, :host
// domain:host:port, user@domain:/path, .suffix:host
std::optional<GrammarError> check_lmtp_route(std::string_view text);
std::optional<GrammarError> check_queue_group(std::string_view text);  // slow, P=slow*, R=5 (core/route/queue_groups.h)
// user@domain:group, domain:group, .suffix:group, :group
std::optional<GrammarError> check_group_entry(std::string_view text);
std::optional<GrammarError> check_resolver(std::string_view text);  // 192.0.2.53, 127.0.0.1@5353, ::1@5353
// The lines of a .qmail file: ./Maildir/, ./Mailbox, |command, &address
std::optional<GrammarError> check_delivery(std::string_view text);
std::optional<GrammarError> check_ipc_prefix(std::string_view text);  // letters, digits, dot, dash, underscore
std::optional<GrammarError> check_path(std::string_view text);
std::optional<GrammarError> check_delivery_mode(std::string_view text);  // background, i, q, defer: the first letter
std::optional<GrammarError> check_super_safe(std::string_view text);     // true, f, interactive, postmilter
std::optional<GrammarError> check_sort_order(std::string_view text);     // priority, h, time: the first letter
std::optional<GrammarError> check_retry(std::string_view text);          // backoff, run
std::optional<GrammarError> check_load(std::string_view text);           // 12, 8p, off
std::optional<GrammarError> check_line(std::string_view text);           // printable ASCII on one line

}  // namespace sluice::settings

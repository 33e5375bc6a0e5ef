// SPDX-License-Identifier: Apache-2.0
// Uses every service as its event says: {"steps":[["put","k","v"],["get","k"]],"verdict":"retry"}. The verdict's
// message is what the steps gave, one word each, with a blank between. {"threads":8,"steps":…} lets so many threads do
// the steps at once; "in_threads" joins them before it answers. The setting "start" holds steps for start().
#include <bellhop/http.hpp>
#include <bellhop/kv.hpp>
#include <bellhop/metrics.hpp>
#include <bellhop/publish.hpp>

#include <csignal>
#include <string>
#include <thread>
#include <vector>

namespace {

using bellhop::Verdict;

class Serving : public bellhop::Plugin {
 public:
  explicit Serving(const bellhop::Context &context)
      : Plugin(context), http_(context), kv_(context), publish_(context), metrics_(context) {
    if (setting("create").text().empty()) return;
    refusal_ = step(bellhop::JsonDocument(context.host, context.json, setting("create").text()).root());
    throw bellhop::Abort(Verdict::fail(refusal_));
  }
  static bellhop::Manifest manifest() {
    return bellhop::Manifest("serving", "1.0.0", "Uses the services")
        .needs(BHP_SVC_HTTP, BHP_SVC_KV, BHP_SVC_PUBLISH, BHP_SVC_METRICS)
        .text("create", "A step for the constructor", "")
        .text("start", "Steps for start()", "[]")
        .command("export", "Writes what is kept", R"({"type":"object"})")
        .command("fail", "Fails");
  }
  Verdict start() override {
    const bellhop::JsonDocument steps(context().host, context().json, setting("start").text());
    steps_of(steps.root());
    return Verdict::ok();
  }
  Verdict deliver(const bellhop::Event &event) override {
    const int64_t count = event["/threads"].integer();
    std::string said = count == 0 ? steps_of(event["/steps"]) : in_threads(event, count);
    const std::string verdict = event["/verdict"].str();
    if (verdict == "retry") return Verdict::retry(said);
    if (verdict == "fail") return Verdict::fail(said);
    return verdict == "skip" ? Verdict::skip(said) : Verdict::ok(said);
  }
  Verdict check_health() override { return http_.get("http://health.example/"); }
  int64_t tick() override {
    kv_.put("ticks", std::to_string(std::stoi(kv_.get("ticks").value_or("0")) + 1));
    if (kv_.get("ticks") == "3") throw bellhop::Abort(Verdict::retry("the third tick fails"));
    return kv_.get("ticks") == "5" ? -1 : 1500;
  }
  Verdict run(std::string_view command, const bellhop::Json &arguments, const bellhop::Output &output) override {
    if (command == "fail") return Verdict::fail("as it was told");
    for (const bellhop::KvEntry &entry : kv_.list(arguments["/prefix"].text())) {
      if (!output.line(entry.key + "=" + entry.value)) return Verdict::retry("nobody listens");
    }
    output.write(std::string(static_cast<std::size_t>(arguments["/padding"].integer()), '.'));
    return Verdict::ok("done");
  }

 private:
  std::string steps_of(const bellhop::Json &steps) {
    std::string said;
    for (const bellhop::Json one : steps) said += (said.empty() ? "" : " ") + step(one);
    return said;
  }
  std::string in_threads(const bellhop::Event &event, int64_t count) {
    // Parsed once for each thread: nodes of an event are the main thread's.
    const std::string text(event.json());
    std::vector<std::string> said(static_cast<std::size_t>(count));
    std::vector<std::thread> threads;
    for (std::size_t number = 0; number < said.size(); ++number) {
      threads.emplace_back([this, &text, &said, number] {
        const bellhop::JsonDocument document(context().host, context().json, text);
        said[number] = steps_of(document.root()["/steps"]);
      });
    }
    const std::string own = steps_of(event["/own"]);
    for (std::thread &thread : threads) thread.join();
    for (const std::string &one : said) {
      if (one != said[0]) return "different: " + one + " and " + said[0];
    }
    return own.empty() ? said[0] : said[0] + " " + own;
  }

  // A value in a step: "x*100" is a hundred x.
  static std::string large(const bellhop::Json &value) {
    const std::string text = value.str();
    const size_t star = text.find('*');
    return star == 1 ? std::string(std::stoul(text.substr(2)), text[0]) : text;
  }
  static std::string code(int32_t error) { return std::to_string(error); }

  std::string step(const bellhop::Json &what) {
    const bhp_host *host = context().host;
    const auto *kv = static_cast<const bhp_kv_v1 *>(host->service(host, BHP_SVC_KV));
    const auto *publish = static_cast<const bhp_publish_v1 *>(host->service(host, BHP_SVC_PUBLISH));
    const std::string verb = what.at(0).str(), key = large(what.at(1)), value = large(what.at(2));
    if (verb == "put") return code(kv->put(host, key.data(), key.size(), value.data(), value.size(), 0));
    if (verb == "now") return code(kv->put(host, key.data(), key.size(), value.data(), value.size(), BHP_KV_NOW));
    if (verb == "odd flags") return code(kv->put(host, key.data(), key.size(), value.data(), value.size(), 4));
    if (verb == "remove") return code(kv->remove(host, key.data(), key.size(), 0));
    if (verb == "remove now") return code(kv->remove(host, key.data(), key.size(), BHP_KV_NOW));
    if (verb == "get") return get(*kv, key);
    if (verb == "list") return list(*kv, key, value, static_cast<uint32_t>(what.at(3).integer()));
    if (verb == "publish") return document(*publish, key, what.at(3).str("text/plain"), value, 0);
    if (verb == "publish now") return document(*publish, key, what.at(3).str("text/plain"), value, BHP_PUBLISH_NOW);
    if (verb == "unpublish") return code(publish->remove(host, key.data(), key.size(), 0));
    if (verb == "url") return url(*publish, key);
    if (verb == "post") return post(key, value, what.at(3).integer());
    if (verb == "count") return count(key, what);
    if (verb == "series") return series(what.at(1).integer());
    if (verb == "wait for stop") {
      while (!is_stopping()) std::this_thread::yield();
      return "stopping";
    }
    if (verb == "die") ::raise(SIGKILL);
    return "unknown-step-" + verb;
  }
  std::string get(const bhp_kv_v1 &kv, const std::string &key) const {
    const bhp_str *value = nullptr;
    const int32_t error = kv.get(context().host, key.data(), key.size(), &value);
    if (error != 0) return code(error);
    std::string text(value->ptr, value->size);
    const bool is_terminated = value->ptr[value->size] == '\0';
    kv.release(context().host, value);
    if (text.size() > 100) text = std::to_string(text.size()) + "-bytes";
    return is_terminated ? "=" + text : "not-terminated";
  }
  std::string list(const bhp_kv_v1 &kv, const std::string &prefix, const std::string &after, uint32_t count_max) const {
    const bhp_kv_page *page = nullptr;
    const int32_t error =
        kv.list(context().host, prefix.data(), prefix.size(), after.data(), after.size(), count_max, &page);
    if (error != 0) return code(error);
    std::string out = "[";
    for (uint32_t index = 0; index < page->entries_count; ++index) {
      const bhp_pair &entry = page->entries[index];
      out.append(index == 0 ? "" : ",").append(entry.name.ptr, entry.name.size).append("=");
      out.append(entry.value.ptr, entry.value.size);
    }
    out += page->is_more != 0 ? "…]" : "]";
    kv.release_page(context().host, page);
    return out;
  }
  std::string document(const bhp_publish_v1 &publish, const std::string &path, const std::string &type,
                       const std::string &body, uint32_t flags) const {
    const bhp_document document{sizeof(bhp_document),
                                flags,
                                {path.data(), path.size()},
                                {type.data(), type.size()},
                                {body.data(), body.size()}};
    return code(publish.put(context().host, &document));
  }
  std::string url(const bhp_publish_v1 &publish, const std::string &path) const {
    const bhp_str *url = nullptr;
    const int32_t error = publish.url(context().host, path.data(), path.size(), &url);
    if (error != 0) return code(error);
    std::string text(url->ptr, url->size);
    publish.release(context().host, url);
    return text;
  }
  std::string post(const std::string &url, const std::string &body, int64_t timeout_ms) const {
    bellhop::Request request;
    request.method = "POST";
    request.url = url;
    request.body = body;
    request.headers = {{"X-Test", "1"}};
    request.timeout_ms = timeout_ms;
    const bellhop::Response response = http_.send(request);
    if (response.error != 0) return code(response.error) + ":" + response.sentence;
    const std::string_view echoed = response.header("x-echo");
    return std::to_string(response.status) + ":" + std::to_string(response.body.size()) + std::string(echoed);
  }
  std::string count(const std::string &name, const bellhop::Json &what) const {
    const bhp_host *host = context().host;
    const auto *metrics = static_cast<const bhp_metrics_v1 *>(host->service(host, BHP_SVC_METRICS));
    const std::string label = what.at(2).str(), value = large(what.at(3));
    const bhp_pair labels[] = {{{label.data(), label.size()}, {value.data(), value.size()}}};
    return code(metrics->count(host, name.data(), name.size(), labels, label.empty() ? 0 : 1, what.at(4).number(1)));
  }
  std::string series(int64_t count) const {
    const bhp_host *host = context().host;
    const auto *metrics = static_cast<const bhp_metrics_v1 *>(host->service(host, BHP_SVC_METRICS));
    int32_t last = 0;
    for (int64_t number = 0; number < count; ++number) {
      const std::string name = "series_" + std::to_string(number);
      last = metrics->gauge(host, name.data(), name.size(), nullptr, 0, 1);
    }
    return code(last);
  }

  const bellhop::Http http_;
  const bellhop::Kv kv_;
  const bellhop::Publish publish_;
  const bellhop::Metrics metrics_;
  std::string refusal_;
};

}  // namespace

BELLHOP_PLUGIN(Serving)

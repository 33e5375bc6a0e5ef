// SPDX-License-Identifier: Apache-2.0
// The signature of the plugin forward. The vector is the one that the specification's libraries publish for their own
// tests; tests/interop lets their JavaScript library judge live requests.
#include "signature.hpp"

#include <gtest/gtest.h>

#include <string>

namespace forward {
namespace {

const std::string published_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr const char *published_id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr std::int64_t published_timestamp_s = 1614265330;
constexpr const char *published_body = R"({"test": 2432232314})";
constexpr const char *published_signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

std::string secret_of(std::size_t base64_size) { return "whsec_" + std::string(base64_size, 'A'); }

TEST(ForwardSecret, is_base64_with_or_without_the_prefix) {
  const auto with = key_of(published_secret), without = key_of(published_secret.substr(6));

  ASSERT_TRUE(with.has_value());
  EXPECT_EQ(with, without);
  EXPECT_EQ(with->size(), 24U);
}

TEST(ForwardSecret, of_another_size_or_form_is_refused) {
  EXPECT_FALSE(key_of("").has_value());
  EXPECT_FALSE(key_of("whsec_").has_value());
  EXPECT_FALSE(key_of(secret_of(28)).has_value()) << "21 bytes";
  EXPECT_TRUE(key_of(secret_of(32)).has_value()) << "24 bytes";
  EXPECT_TRUE(key_of(secret_of(84)).has_value()) << "63 bytes";
  EXPECT_FALSE(key_of(secret_of(88)).has_value()) << "66 bytes";
  EXPECT_FALSE(key_of(published_secret + "=").has_value());
  EXPECT_FALSE(key_of(" " + published_secret).has_value());
  EXPECT_FALSE(key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa-_").has_value()) << "the URL alphabet is another one";
  EXPECT_FALSE(key_of("whsec_====MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").has_value());
}

TEST(ForwardSecret, keeps_zero_bytes_and_drops_the_padding) {
  const auto key = key_of("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGA==");

  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(key->size(), 25U);
  EXPECT_EQ((*key)[0], '\0');
  EXPECT_EQ((*key)[24], '\x18');
}

TEST(ForwardSignature, is_what_the_specifications_own_vector_says) {
  const std::string key = key_of(published_secret).value();

  EXPECT_EQ(signatures({key}, published_id, published_timestamp_s, published_body), published_signature);
}

TEST(ForwardSignature, covers_id_time_and_body) {
  const std::string key = key_of(published_secret).value();
  const std::string whole = signatures({key}, "a", 1, "b");

  EXPECT_NE(whole, signatures({key}, "b", 1, "b"));
  EXPECT_NE(whole, signatures({key}, "a", 2, "b"));
  EXPECT_NE(whole, signatures({key}, "a", 1, "c"));
}

TEST(ForwardSignature, stands_once_for_each_key_while_one_replaces_the_other) {
  const std::string old_key = key_of(published_secret).value(), new_key = key_of(secret_of(32)).value();

  const std::string both = signatures({new_key, old_key}, published_id, published_timestamp_s, published_body);

  EXPECT_EQ(both, signatures({new_key}, published_id, published_timestamp_s, published_body) + " " +
                      signatures({old_key}, published_id, published_timestamp_s, published_body));
}

}  // namespace
}  // namespace forward

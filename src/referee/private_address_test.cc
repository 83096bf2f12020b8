// `[network] private`, also where a layer says nothing else about hosts.
#include <gtest/gtest.h>

#include "referee/judge.h"
#include "referee/sample.h"

namespace bailiwick {
namespace {

Verdict on(const std::vector<Source>& sources, const char* host) {
  const auto policy = policy_of(sources);
  return policy == nullptr ? Verdict{} : judge(ConnectAction{.host = host}, *policy);
}

constexpr const char* kOpenUser = "[network]\ndefault = \"allow\"\nprivate = \"allow\"\n";

// A user's `private = "allow"` once lifted an administrator's `deny` that stood alone in its file.
TEST(PrivateAddress, AWordAboutThemAloneIsARequirement) {
  const Verdict denied =
      on({{LayerKind::system, "[network]\nprivate = \"deny\"\n"}, {LayerKind::user, kOpenUser}}, "169.254.169.254");
  EXPECT_EQ(denied.decision, Decision::deny);
  EXPECT_EQ(denied.cause.place, (Place{3, 11}));
  EXPECT_EQ(
      on({{LayerKind::system, "[network]\nprivate = \"ask\"\n"}, {LayerKind::user, kOpenUser}}, "10.0.0.1").decision,
      Decision::ask);
  EXPECT_EQ(
      on({{LayerKind::project, "[network]\nprivate = \"deny\"\n"}, {LayerKind::user, kOpenUser}}, "10.0.0.1").decision,
      Decision::deny);
}

TEST(PrivateAddress, AWordAboutThemSaysNothingAboutOthers) {
  const std::vector<Source> sources = {{LayerKind::system, "[network]\nprivate = \"deny\"\n"},
                                       {LayerKind::user, kOpenUser}};
  EXPECT_EQ(on(sources, "1.1.1.1").decision, Decision::allow);
  EXPECT_EQ(on({{LayerKind::user, kOpenUser}}, "10.0.0.1").decision, Decision::allow);
  // `allow` opens nothing by itself
  EXPECT_EQ(on({{LayerKind::system, "[network]\nprivate = \"allow\"\n"}}, "10.0.0.1").decision, Decision::deny);
}

TEST(PrivateAddress, ARuleThatNamesTheAddressOpensItInItsOwnLayerOnly) {
  const std::string named = "[network.hosts]\n\"10.0.0.0/8\" = \"allow\"\n";
  EXPECT_EQ(on({{LayerKind::user, named}}, "10.0.0.1").decision, Decision::allow);
  EXPECT_EQ(on({{LayerKind::system, "[network]\nprivate = \"deny\"\n" + named}}, "10.0.0.1").decision, Decision::allow);
  EXPECT_EQ(on({{LayerKind::system, "[network]\nprivate = \"deny\"\n"}, {LayerKind::user, named}}, "10.0.0.1").decision,
            Decision::deny);
}

}  // namespace
}  // namespace bailiwick

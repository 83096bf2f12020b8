#include "policy/secrets.h"

#include <algorithm>
#include <array>
#include <utility>

namespace bailiwick {
namespace {

using enum EntryKind;
using enum SecretPlace;

constexpr std::string_view kEnvTemplates = ".env*.{example,sample,template,tmpl,dist,defaults,schema}";
constexpr std::string_view kPublicPem = "*{cert,Cert,CERT,chain,bundle,root,Root,crt,pub,dhparam,cacert,ca,CA}*.pem";

constexpr auto kTable = std::to_array<Secret>({
    // keys, and what opens other machines
    {".ssh", home, either, "private keys, and which hosts they open", "OpenSSH"},
    {".gnupg", home, either, "private keys", "GnuPG"},
    {".pki", home, either, "client certificates and their keys", "NSS"},
    {".cert", home, either, "keys of VPN and network connections", "NetworkManager"},
    {".step", home, either, "certificate authority and its keys", "step"},
    {".acme.sh", home, either, "certificate keys and DNS credentials", "acme.sh"},
    {".minisign", home, either, "private keys", "minisign"},
    {".config/sops", home, either, "age keys", "sops"},
    {".config/age", home, either, "private keys", "age"},
    {".android/adbkey", home, file, "the key that opens Android devices", "adb"},
    {".android/debug.keystore", home, file, "signing key", "Android SDK"},
    {".erlang.cookie", home, file, "opens every Erlang node of the user", "Erlang"},
    {".Xauthority", home, file, "opens the display: keystrokes and screen", "X11"},
    {".ICEauthority", home, file, "opens the desktop session", "X11"},
    {".config/remmina", home, either, "passwords of remote desktops", "Remmina"},
    {".local/share/remmina", home, either, "passwords of remote desktops", "Remmina"},
    {".config/filezilla", home, either, "passwords of file servers", "FileZilla"},

    // password stores and keyrings
    {".password-store", home, either, "passwords, and the names of what they open", "pass"},
    {".local/share/gopass", home, either, "passwords", "gopass"},
    {".local/share/keyrings", home, either, "passwords and tokens of the desktop", "GNOME Keyring"},
    {".local/share/kwalletd", home, either, "passwords and tokens of the desktop", "KWallet"},
    {".config/keepassxc", home, either, "recent databases and key files", "KeePassXC"},
    {".config/op", home, either, "session of the password manager", "1Password CLI"},
    {".op", home, either, "session of the password manager", "1Password CLI"},
    {".config/1Password", home, either, "the password manager's data", "1Password"},
    {".config/Bitwarden", home, either, "the password manager's data", "Bitwarden"},
    {".config/Bitwarden CLI", home, either, "session of the password manager", "Bitwarden CLI"},
    {".config/rbw", home, either, "account of the password manager", "rbw"},
    {".local/share/rbw", home, either, "the password manager's data", "rbw"},
    {".lpass", home, either, "session of the password manager", "LastPass CLI"},
    {".local/share/lpass", home, either, "session of the password manager", "LastPass CLI"},

    // cloud and infrastructure
    {".aws", home, either, "access keys and SSO tokens", "AWS CLI"},
    {".azure", home, either, "access tokens", "Azure CLI"},
    {".config/gcloud", home, either, "access and refresh tokens", "Google Cloud CLI"},
    {".boto", home, file, "access keys", "gsutil, boto"},
    {".oci", home, either, "API keys", "OCI CLI"},
    {".aliyun", home, either, "access keys", "Alibaba Cloud CLI"},
    {".bluemix", home, either, "access tokens", "IBM Cloud CLI"},
    {".kube", home, either, "cluster credentials", "kubectl"},
    {".config/helm", home, either, "registry and repository passwords", "Helm"},
    {".docker/config.json", home, file, "registry passwords", "docker login"},
    {".docker/contexts", home, either, "keys of remote engines", "docker context"},
    {".docker/trust", home, either, "signing keys", "docker trust"},
    {".dockercfg", home, file, "registry passwords", "docker login"},
    {".config/containers", home, either, "registry passwords", "podman, skopeo"},
    {".terraform.d", home, either, "API tokens", "terraform login"},
    {".terraformrc", home, file, "API tokens", "Terraform CLI configuration"},
    {".pulumi", home, either, "access tokens", "Pulumi"},
    {".vault-token", home, file, "access token", "vault login"},
    {".vault_pass{,.txt}", home, file, "vault password", "Ansible"},
    {".config/rclone", home, either, "passwords and tokens of storage services", "rclone"},
    {".s3cfg", home, file, "access keys", "s3cmd"},
    {".mc", home, either, "access keys", "MinIO client"},
    {".config/doctl", home, either, "access token", "doctl"},
    {".config/hcloud", home, either, "access tokens", "hcloud"},
    {".config/linode-cli", home, either, "access token", "linode-cli"},
    {".config/scw", home, either, "access keys", "Scaleway CLI"},
    {".fly", home, either, "access token", "flyctl"},
    {".railway", home, either, "access token", "Railway CLI"},
    {".supabase", home, either, "access token", "Supabase CLI"},
    {".config/netlify", home, either, "access token", "Netlify CLI"},
    {".local/share/com.vercel.cli", home, either, "access token", "Vercel CLI"},
    {".config/.wrangler", home, either, "access token", "Wrangler"},
    {".wrangler", home, either, "access token", "Wrangler"},
    {".cloudflared", home, either, "tunnel credentials", "cloudflared"},
    {".config/ngrok", home, either, "access token", "ngrok"},
    {".ngrok2", home, either, "access token", "ngrok"},
    {".config/stripe", home, either, "API keys", "Stripe CLI"},
    {".sentryclirc", home, file, "access token", "sentry-cli"},
    {".config/heroku", home, either, "access token", "Heroku CLI"},
    {".expo", home, either, "session", "Expo CLI"},
    {".config/configstore", home, either, "tokens of several npm tools", "configstore (firebase-tools and others)"},

    // databases and data services
    {".pgpass", home, file, "database passwords", "PostgreSQL"},
    {".pg_service.conf", home, file, "database passwords", "PostgreSQL"},
    {".my.cnf", home, file, "database passwords", "MySQL, MariaDB"},
    {".mylogin.cnf", home, file, "database passwords", "mysql_config_editor"},
    {".local/share/DBeaverData", home, either, "database passwords", "DBeaver"},
    {".databrickscfg", home, file, "access tokens", "Databricks CLI"},
    {".snowsql", home, either, "database passwords", "SnowSQL"},
    {".snowflake", home, either, "database passwords", "Snowflake CLI"},
    {".dbt/profiles.yml", home, file, "database passwords", "dbt"},
    {".kaggle", home, either, "API key", "Kaggle CLI"},
    {".config/kaggle", home, either, "API key", "Kaggle CLI"},
    {".cache/huggingface/{token,stored_tokens}", home, file, "access tokens", "Hugging Face"},
    {".huggingface", home, either, "access token", "Hugging Face"},

    // code hosting and packages
    {".netrc", home, file, "passwords by host", "curl, git and others"},
    {".authinfo{,.gpg}", home, file, "passwords by host", "Emacs"},
    {".git-credentials", home, file, "passwords by URL", "git-credential-store"},
    {".config/git/credentials", home, file, "passwords by URL", "git-credential-store"},
    {".cache/git/credential", home, either, "socket of the credential cache", "git-credential-cache"},
    {".git-credential-cache", home, either, "socket of the credential cache", "git-credential-cache"},
    {".gcm", home, either, "access tokens", "Git Credential Manager"},
    {".config/gh", home, either, "access token", "GitHub CLI"},
    {".config/hub", home, file, "access token", "hub"},
    {".config/glab-cli", home, either, "access token", "GitLab CLI"},
    {".config/tea", home, either, "access token", "Gitea CLI"},
    {".config/github-copilot", home, either, "access token", "GitHub Copilot"},
    {".npmrc", home, file, "registry tokens", "npm, pnpm"},
    {".yarnrc{,.yml}", home, file, "registry tokens", "Yarn"},
    {".config/pnpm/{rc,auth.ini}", home, file, "registry tokens", "pnpm"},
    {".bunfig.toml", home, file, "registry tokens", "Bun"},
    {".pypirc", home, file, "upload tokens", "twine"},
    {".pip", home, either, "passwords in index URLs", "pip"},
    {".config/pip", home, either, "passwords in index URLs", "pip"},
    {".config/pypoetry", home, either, "registry tokens", "Poetry"},
    {".local/share/uv/credentials", home, either, "registry tokens", "uv auth"},
    {".config/uv", home, either, "passwords in index URLs", "uv"},
    {".condarc", home, file, "passwords in channel URLs", "conda"},
    {".continuum", home, either, "access tokens", "anaconda-client"},
    {".cargo/credentials{,.toml}", home, file, "registry tokens", "cargo login"},
    {".gem/credentials", home, file, "upload key", "RubyGems"},
    {".local/share/gem/credentials", home, file, "upload key", "RubyGems"},
    {".bundle", home, either, "passwords of gem sources", "Bundler"},
    {".m2/settings{,-security}.xml", home, file, "repository passwords", "Maven"},
    {".gradle/gradle.properties", home, file, "repository passwords and signing keys", "Gradle"},
    {".gradle/init{.gradle,.gradle.kts,.d}", home, either, "repository passwords, in code", "Gradle"},
    {".ivy2/.credentials", home, file, "repository passwords", "Ivy, sbt"},
    {".sbt/.credentials", home, file, "repository passwords", "sbt"},
    {".sbt/{0.13,1.0}/{credentials,sonatype}.sbt", home, file, "repository passwords", "sbt"},
    {".dotnet/corefx", home, either, "private keys of development certificates", ".NET"},
    {".aspnet", home, either, "private keys", "ASP.NET Core"},
    {".microsoft/usersecrets", home, either, "keys and passwords of projects", ".NET user secrets"},
    {".julia/servers", home, either, "package server tokens", "Julia"},
    {".nuget/NuGet", home, either, "feed passwords", "NuGet"},
    {".config/NuGet", home, either, "feed passwords", "NuGet"},
    {".composer/auth.json", home, file, "repository tokens", "Composer"},
    {".config/composer/auth.json", home, file, "repository tokens", "Composer"},
    {".hex/hex.config", home, file, "upload key", "Hex"},
    {".cabal/config", home, file, "upload password", "cabal"},
    {".config/cabal/config", home, file, "upload password", "cabal"},
    {".config/goreleaser", home, either, "tokens", "goreleaser"},

    // agents: each profile lets its own in, for that agent only
    {".codex/auth.json", home, file, "login", "Codex"},
    {".codex/.env", home, file, "keys", "Codex"},
    {".claude/.credentials.json", home, file, "login", "Claude Code"},
    {".claude.json{,.backup*}", home, file, "account and MCP servers' keys", "Claude Code"},
    {".gemini/"
     "{oauth_creds,google_accounts,mcp-oauth-tokens,mcp-oauth-tokens-v2,a2a-oauth-tokens,gemini-credentials}.json",
     home, file, "login and tokens of MCP servers", "Gemini CLI"},
    {".gemini/.env", home, file, "keys", "Gemini CLI"},
    {".qwen/oauth_creds.json", home, file, "login", "Qwen Code"},
    {".local/share/opencode/{auth,mcp-auth}.json", home, file, "keys and logins", "opencode"},
    {".config/goose", home, either, "keys", "goose"},
    {".local/share/amp/secrets.json", home, file, "login", "Amp"},
    {".continue", home, either, "keys", "Continue"},
    {".codeium", home, either, "login", "Windsurf, Codeium"},
    {".aider.conf.yml", home, file, "keys", "aider"},
    {".config/{Code,Code - Insiders,VSCodium,Cursor,Windsurf}/User/globalStorage", home, either, "logins of extensions",
     "VS Code and kin"},
    {".config/io.datasette.llm/keys.json", home, file, "keys", "llm"},

    // people: browsers, mail, chat, wallets
    {".mozilla", home, either, "cookies, passwords, history", "Firefox"},
    {".config/mozilla", home, either, "cookies, passwords, history", "Firefox"},
    {".{librewolf,zen,waterfox,floorp}", home, either, "cookies, passwords, history", "browsers of the Firefox family"},
    {".config/{google-chrome,google-chrome-beta,google-chrome-unstable,chromium}", home, either,
     "cookies, passwords, history", "Chrome, Chromium"},
    {".config/{BraveSoftware,microsoft-edge,microsoft-edge-beta,microsoft-edge-dev,vivaldi,opera}", home, either,
     "cookies, passwords, history", "browsers of the Chromium family"},
    {".cache/{mozilla,google-chrome,chromium,BraveSoftware,microsoft-edge,vivaldi,opera}", home, either,
     "pages visited", "browsers"},
    {"snap/{firefox,chromium,brave,thunderbird}", home, either, "cookies, passwords, history", "browsers from snap"},
    {".var/app", home, either, "profiles of sandboxed desktop programs", "Flatpak"},
    {".local/share/epiphany", home, either, "cookies, history", "GNOME Web"},
    {".local/share/qutebrowser", home, either, "cookies, history", "qutebrowser"},
    {".thunderbird", home, either, "mail and passwords", "Thunderbird"},
    {".local/share/evolution", home, either, "mail and contacts", "Evolution"},
    {".config/evolution", home, either, "mail accounts", "Evolution"},
    {"{Mail,Maildir,.mail,.maildir}", home, either, "mail", "mail programs"},
    {".{msmtprc,mbsyncrc,fetchmailrc,offlineimaprc,getmail}", home, either, "mail passwords", "mail programs"},
    {".mutt", home, either, "mail passwords", "mail programs"},
    {".config/{mutt,neomutt,msmtp,isyncrc,aerc}", home, either, "mail passwords", "mail programs"},
    {".config/{Signal,Slack,discord,Element,Microsoft/Microsoft Teams,teams-for-linux,zoomus.conf}", home, either,
     "conversations and logins", "chat programs"},
    {".local/share/TelegramDesktop", home, either, "conversations and login", "Telegram"},
    {".{bitcoin,ethereum,electrum,monero,dogecoin,litecoin}", home, either, "wallets", "wallet programs"},
    {".config/{solana,Exodus,Ledger Live}", home, either, "wallets", "wallet programs"},
    {".foundry/keystores", home, either, "wallet keys", "Foundry"},

    // histories: what was typed holds what should not have been
    {".{bash,zsh,sh,ksh,mksh,tcsh,python,node_repl,psql,mysql,mariadb,sqlite,sqlite3,irb,pry,gdb,php,scala,julia,guile,"
     "lua}_history",
     home, file, "what was typed, passwords included", "shells and interpreters"},
    {".{history,histfile,zhistory,rediscli_history,dbshell,Rhistory,lesshst,viminfo,pdbhistory,python-history}", home,
     file, "what was typed or opened", "shells and interpreters"},
    {".bash_sessions", home, either, "what was typed", "bash"},
    {".zsh_sessions", home, either, "what was typed", "zsh"},
    {".local/share/fish/fish_history", home, file, "what was typed", "fish"},
    {".config/fish/fish_history", home, file, "what was typed", "fish"},
    {".config/nushell/history.*", home, file, "what was typed", "Nushell"},
    {".local/share/atuin", home, either, "what was typed, and the key to its copies", "atuin"},
    {".local/state/bash", home, either, "what was typed", "bash, by XDG convention"},
    {".local/state/zsh", home, either, "what was typed", "zsh, by XDG convention"},
    {".mongodb", home, either, "what was typed", "mongosh"},
    {".ipython/profile_*/history.sqlite", home, file, "what was typed", "IPython"},
    {".local/share/nvim/shada", home, either, "what was opened and copied", "Neovim"},
    {".local/state/nvim/shada", home, either, "what was opened and copied", "Neovim"},
    {".local/share/recently-used.xbel", home, file, "what was opened", "desktop"},
    {".wget-hsts", home, file, "hosts visited", "wget"},

    // our own: what judges an agent must not be in its reach
    {".local/state/bailiwick", home, either, "records, keys and grants", "bailiwick"},

    // the system
    {"/etc/{shadow,gshadow}{,-}", system, file, "password hashes", "shadow(5)"},
    {"/etc/security/opasswd", system, file, "old password hashes", "pam_unix(8)"},
    {"/etc/sudoers{,.d}", system, either, "who may become whom", "sudoers(5)"},
    {"/etc/ssh/ssh_host_*_key", system, file, "the host's private keys", "sshd(8)"},
    {"/etc/ssl/private", system, either, "private keys", "Debian"},
    {"/etc/pki/{tls/private,CA/private,nssdb,consumer,entitlement}", system, either, "private keys", "Fedora, RHEL"},
    {"/etc/letsencrypt", system, either, "private keys and the account", "certbot"},
    {"/etc/krb5.keytab", system, file, "the host's Kerberos keys", "Kerberos"},
    {"/etc/{ldap,libnss-ldap,pam_ldap}.secret", system, file, "directory password", "LDAP"},
    {"/etc/sssd", system, either, "directory password", "sssd"},
    {"/etc/nslcd.conf", system, file, "directory password", "nslcd"},
    {"/etc/NetworkManager/system-connections", system, either, "passwords of networks and VPNs", "NetworkManager"},
    {"/etc/netplan", system, either, "passwords of networks", "netplan"},
    {"/etc/wpa_supplicant", system, either, "passwords of networks", "wpa_supplicant"},
    {"/etc/iwd", system, either, "passwords of networks", "iwd"},
    {"/etc/wireguard", system, either, "private keys", "WireGuard"},
    {"/etc/openvpn", system, either, "private keys", "OpenVPN"},
    {"/etc/ipsec.{secrets,d/private}", system, either, "private keys and passwords", "strongSwan"},
    {"/etc/swanctl", system, either, "private keys and passwords", "strongSwan"},
    {"/etc/ppp/*-secrets", system, file, "passwords of connections", "pppd(8)"},
    {"/etc/chatscripts", system, either, "passwords of connections", "chat(8)"},
    {"/etc/apt/auth.conf{,.d}", system, either, "repository passwords", "apt_auth.conf(5)"},
    {"/etc/docker/key.json", system, file, "the engine's key", "Docker"},
    {"/etc/kubernetes", system, either, "cluster credentials", "Kubernetes"},
    {"/etc/rancher", system, either, "cluster credentials", "k3s, RKE2"},
    {"/etc/{vault.d,consul.d,nomad.d}", system, either, "tokens", "HashiCorp"},
    {"/etc/{salt/pki,puppetlabs/puppet/ssl,puppet/ssl,chef}", system, either, "the machine's identity",
     "configuration management"},
    {"/etc/mysql/debian.cnf", system, file, "database password", "Debian"},
    {"/etc/postfix/sasl*", system, either, "mail passwords", "Postfix"},
    {"/etc/exim4/passwd.client", system, file, "mail passwords", "Exim"},
    {"/etc/{msmtprc,ssmtp/ssmtp.conf}", system, file, "mail password", "msmtp, ssmtp"},
    {"/etc/dovecot/private", system, either, "private keys", "Dovecot"},
    {"/etc/{bind/,}rndc.key", system, file, "control key", "BIND"},
    {"/etc/{chrony/chrony,ntp}.keys", system, file, "keys", "chrony, ntpd"},
    {"/etc/credstore{,.encrypted}", system, either, "credentials of services", "systemd-creds(1)"},
    {"/etc/cryptsetup-keys.d", system, either, "disk keys", "crypttab(5)"},
    {"/etc/luks", system, either, "disk keys", "cryptsetup"},
    {"/etc/{cifs-credentials,samba/credentials,smbcredentials}", system, file, "passwords of file shares",
     "mount.cifs(8)"},
    {"/etc/iscsi/iscsid.conf", system, file, "passwords of disks", "Open-iSCSI"},
    {"/etc/nix/{netrc,secret-key*}", system, file, "cache passwords and signing keys", "Nix"},
    {"/etc/bailiwick/keys", system, either, "signing keys", "bailiwick"},

    // by name, in readable trees that are neither the workspace nor the system's
    {".env{,.*,-*,_*}", anywhere, file, "keys and passwords of a project", "dotenv", kEnvTemplates},
    {".envrc{,.*}", anywhere, file, "keys and passwords of a project", "direnv", "*.{example,sample,template,tmpl}"},
    {"id_{rsa,dsa,ecdsa,ed25519,ecdsa_sk,ed25519_sk,xmss}", anywhere, file, "private key", "ssh-keygen(1)"},
    {"*[-_.]{rsa,dsa,ecdsa,ed25519}", anywhere, file, "private key", "ssh-keygen(1), by habit"},
    {"*{key,Key,KEY,priv,Priv,PRIV}*.pem", anywhere, file, "private key", "OpenSSL, by habit", "*{pub,Pub,PUB}*.pem"},
    {"*.pem", anywhere, file, "private key, unless its name says certificate", "OpenSSL, by habit", kPublicPem},
    {"*.{key,p12,pfx,p8,jks,keystore,bks,ppk,agekey,pvk}", anywhere, file, "private key", "OpenSSL, Java, PuTTY, age",
     "*{pub,Pub,PUB}*"},
    {"*.{kdbx,kdb,opvault,agilekeychain}", anywhere, either, "password database", "KeePass, 1Password"},
    {"*.ovpn", anywhere, file, "VPN with its key", "OpenVPN"},
    {"{kubeconfig,kubeconfig.*,*.kubeconfig}", anywhere, file, "cluster credentials", "kubectl, by habit"},
    {"*.tfstate{,*.backup}", anywhere, file, "every value Terraform knows, passwords included", "Terraform"},
    {"*.{auto.tfvars,tfvars}{,.json}", anywhere, file, "values given to Terraform", "Terraform"},
    {"{.,_}netrc", anywhere, file, "passwords by host", "curl, git and others"},
    {".{npmrc,pypirc,pgpass,my.cnf,git-credentials,vault-token,dockercfg,dockerconfigjson,s3cfg,boto,htpasswd,vault_"
     "pass}",
     anywhere, file, "passwords or tokens", "see the entries of home"},
    {"**/{.ssh,.gnupg,.aws,.azure,.kube,.password-store}", anywhere, directory, "as in home, of another user or a copy",
     "see the entries of home"},
    {"**/{.docker/config.json,.config/gh/hosts.yml,.cargo/credentials{,.toml}}", anywhere, file,
     "as in home, of another user or a copy", "see the entries of home"},
    {".{bash,zsh,python,psql,mysql,sqlite,node_repl}_history", anywhere, file, "what was typed",
     "shells and interpreters"},
    {"{credentials,application_default_credentials,client_secret*,service-account*,service_account*,*-service-account,*"
     "-credentials}.json",
     anywhere, file, "keys of a cloud account", "Google Cloud and others"},
    {"{.,}secrets.{yml,yaml,json,toml,env}", anywhere, file, "keys and passwords of a project", "by habit"},
    {"wallet.dat", anywhere, file, "wallet", "Bitcoin Core"},
});

struct Moved {
  std::string_view below_home;
  std::string SecretRoots::* to;
};
constexpr Moved kMoved[] = {{".config/", &SecretRoots::config_home},
                            {".local/share/", &SecretRoots::data_home},
                            {".local/state/", &SecretRoots::state_home},
                            {".cache/", &SecretRoots::cache_home}};

std::string below(std::string_view root, std::string_view pattern) {
  while (root.ends_with('/')) root.remove_suffix(1);
  return Glob::escape(root) + "/" + std::string(pattern);
}

// One entry as absolute patterns: a place of home also where XDG variables move it.
std::vector<std::string> places_of(const Secret& secret, const SecretRoots& roots) {
  if (secret.place != home) return {std::string(secret.pattern)};
  std::vector<std::string> places;
  if (!roots.home.empty()) places.push_back(below(roots.home, secret.pattern));
  for (const Moved& moved : kMoved) {
    const std::string& root = roots.*moved.to;
    if (root.empty() || !secret.pattern.starts_with(moved.below_home)) continue;
    std::string pattern = below(root, secret.pattern.substr(moved.below_home.size()));
    if (places.empty() || pattern != places.front()) places.push_back(std::move(pattern));
  }
  return places;
}

Status add(std::vector<NamePattern>& out, const std::string& pattern, std::uint32_t tag) {
  const Secret& secret = kTable[tag];
  TRY_ASSIGN(Glob glob, Glob::parse(pattern));
  NamePattern entry{.glob = std::move(glob), .kind = secret.kind, .except = std::nullopt, .tag = tag};
  if (!secret.except.empty()) {
    TRY_ASSIGN(Glob except, Glob::parse(secret.except));
    entry.except = std::move(except);
  }
  out.push_back(std::move(entry));
  return {};
}

}  // namespace

std::string_view to_string(SecretPlace place) {
  switch (place) {
    case home: return "home";
    case system: return "system";
    case anywhere: return "anywhere";
  }
  return "";
}

std::span<const Secret> secrets() { return kTable; }

Result<std::vector<FixedSecret>> fixed_secrets(const SecretRoots& roots, std::span<const std::string> home_entries) {
  std::vector<FixedSecret> out;
  const auto add_text = [&](const std::string& pattern, std::uint32_t tag) -> Status {
    TRY_ASSIGN(auto alternatives, Glob::expand_braces(pattern));
    for (std::string& one : alternatives) out.push_back({.pattern = std::move(one), .tag = tag});
    return {};
  };
  for (std::uint32_t tag = 0; tag < kTable.size(); ++tag) {
    const Secret& secret = kTable[tag];
    if (secret.place == anywhere) continue;
    if (secret.place == home) {
      const std::string_view first = secret.pattern.substr(0, secret.pattern.find('/'));
      const bool is_literal = first.find_first_of("*?[{\\") == std::string_view::npos;
      const bool is_moved = std::any_of(std::begin(kMoved), std::end(kMoved), [&](const Moved& moved) {
        return !(roots.*moved.to).empty() && secret.pattern.starts_with(moved.below_home);
      });
      const bool is_shown = std::any_of(home_entries.begin(), home_entries.end(),
                                        [&](const std::string& entry) { return entry.empty() || entry == first; });
      if (is_literal && !is_moved && !is_shown) continue;
    }
    for (const std::string& pattern : places_of(secret, roots)) TRY(add_text(pattern, tag));
  }
  return out;
}

Result<std::vector<NamePattern>> secret_patterns(const SecretRoots& roots, SecretScope scope) {
  std::vector<NamePattern> out;
  out.reserve(kTable.size() + 16);
  for (std::uint32_t tag = 0; tag < kTable.size(); ++tag) {
    const Secret& secret = kTable[tag];
    if (secret.place == anywhere && scope != SecretScope::all) continue;
    for (const std::string& pattern : places_of(secret, roots)) TRY(add(out, pattern, tag));
  }
  return out;
}

}  // namespace bailiwick

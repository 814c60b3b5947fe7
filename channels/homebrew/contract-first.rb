# tools/build.py fills in the version and the digest of the release's sdist.
class ContractFirst < Formula
  desc "Bind, mock, check and compare any OpenAPI contract"
  homepage "https://pypi.org/project/contract-first/"
  url "https://files.pythonhosted.org/packages/source/c/contract-first/contract_first-{version}.tar.gz"
  sha256 "{sha256}"
  license "Apache-2.0"

  depends_on "uv"

  def install
    (bin/"contract-first").write <<~SH
      #!/bin/sh
      exec "#{Formula["uv"].opt_bin}/uvx" --from 'contract-first[check,s3]=={version}' contract-first "$@"
    SH
  end

  test do
    assert_match "{version}", shell_output("#{bin}/contract-first --version")
  end
end

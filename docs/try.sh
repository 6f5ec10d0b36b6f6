#!/usr/bin/env bash
# What a new user does, timed: from a clone to the first digest, and to a template of each
# configuration in deploy.md. It needs Go, make and Node, and changes nothing outside of dist.
#
#   docs/try.sh
#
# TRY_SECONDS is how long the first digest may take, 60 unless it is set. Where cfn-lint is
# installed it checks each template; where moto_server and the AWS command line are, they
# deploy the one with parameters as deploy.md says.
set -euo pipefail
cd "$(dirname "$0")/.."
limit=${TRY_SECONDS:-60} out=dist/try
rm -rf "$out" && mkdir -p "$out"

say() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }

say 'install'
GOBIN=$PWD/$out go install ./cmd/slowdigest
"$out/slowdigest" version

say 'the hourly job, on the logs in testdata'
make --silent invoke-local

say 'a shop without an account, its doctor, what was slow, and its digest'
"$out/slowdigest" demo >"$out/demo" &
trap 'kill $!' EXIT
until grep -q '^slowdigest doctor' "$out/demo"; do sleep 0.1; done
(
	eval "$(sed -n '/^unset/,/^$/p' "$out/demo")"
	"$out/slowdigest" doctor
	"$out/slowdigest" run --last 1h --limit 3
	"$out/slowdigest" invoke --event now --limit 3 >/dev/null
)
kill $! && wait $!
trap - EXIT
cat "$out/demo"

say 'any local log'
"$out/slowdigest" report --limit 3 testdata/slowlogs/mysql-9-7.log
first=$SECONDS
printf '\nThe first digest took %d s.\n' "$first"
if [ "$first" -gt "$limit" ]; then
	echo "error: it may take $limit s" >&2
	exit 1
fi

say 'the template with parameters'
make --silent template >/dev/null
cp dist/slowdigest.template.json "$out/all.template.json"

say 'a template of each configuration'
export SLS_TELEMETRY_DISABLED=1 SLS_INTERACTIVE_SETUP_ENABLE=0
sed -n 's/^| `\([^`]*\)` |.*/\1/p' docs/deploy.md >"$out/configurations"
made=()
while read -r configuration; do
	params=()
	for p in $configuration; do params+=(--param "$p"); done
	if ! npx --no-install osls package --stage prod "${params[@]}" >"$out/log" 2>&1 </dev/null; then
		cat "$out/log" >&2
		exit 1
	fi
	made+=("$out/$((${#made[@]} + 1)).template.json")
	node iam/deploy/template.js .serverless "${made[-1]}"
	printf '%2d  %s\n' "${#made[@]}" "$configuration"
done <"$out/configurations"
if [ "${#made[@]}" -lt 12 ]; then
	echo "error: ${#made[@]} templates" >&2
	exit 1
fi

if command -v cfn-lint >/dev/null; then
	say 'cfn-lint'
	cfn-lint "$out"/*.template.json
	printf '%d templates\n' "$((${#made[@]} + 1))"
fi

if command -v moto_server >/dev/null && command -v aws >/dev/null; then
	say 'deploy the template with parameters, to a fake AWS'
	moto_server --port 5005 >"$out/moto.log" 2>&1 &
	trap 'kill %1' EXIT
	export AWS_ENDPOINT_URL=http://127.0.0.1:5005 AWS_ACCESS_KEY_ID=fake AWS_SECRET_ACCESS_KEY=fake AWS_REGION=eu-central-1 AWS_DEFAULT_REGION=eu-central-1
	unset AWS_PROFILE AWS_SESSION_TOKEN
	for _ in $(seq 50); do
		aws s3 mb s3://code >/dev/null 2>&1 && break || sleep 0.2
	done
	aws s3 cp --no-progress dist/slowdigest.zip s3://code/slowdigest-1.zip
	# Those with a tag, for moto keeps in a list of policies what AWS::NoValue leaves out.
	n=0
	grep tag= "$out/configurations" | while read -r configuration; do
		n=$((n + 1))
		# A parameter of the template begins with a capital, and each stack has a release of its own.
		read -ra params < <(sed -E 's/ name=\w+//; s/(^| )(\w)/\1\u\2/g' <<<"$configuration")
		aws cloudformation deploy --stack-name "slowdigest-try$n" --template-file "$out/all.template.json" --capabilities CAPABILITY_IAM \
			--parameter-overrides CodeBucket=code CodeKey=slowdigest-1.zip "Release=try$n" "${params[@]}"
		aws cloudformation describe-stacks --stack-name "slowdigest-try$n" --query 'Stacks[0].StackStatus' --output text
	done
fi
say 'done'

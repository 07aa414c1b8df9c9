#!/usr/bin/env bash
#
# Deploys the twelve stacks of the reference architecture, or some of them, in their order.
# README, workflow and tests all call this script; there is no second list of stacks.
#
# It needs the AWS CLI with credentials, and docker for --build-image. It is written for the bash 3.2
# of macOS as well: no associative arrays, no mapfile.

set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)

# suffix of the stack, template, capability. A stack imports only from stacks above it.
stacks='kms infrastructure/kms-keys.yaml -
network infrastructure/network.yaml CAPABILITY_IAM
storage infrastructure/s3-buckets.yaml -
security infrastructure/security.yaml CAPABILITY_IAM
roles infrastructure/sagemaker-roles.yaml CAPABILITY_NAMED_IAM
registry pipeline/model-registry.yaml CAPABILITY_NAMED_IAM
processing pipeline/processing.yaml -
training pipeline/training.yaml -
endpoint pipeline/endpoint.yaml CAPABILITY_IAM
alarms monitoring/alarms.yaml -
retraining pipeline/retraining.yaml CAPABILITY_IAM
monitor monitoring/model-monitor.yaml CAPABILITY_IAM'

usage() {
  cat <<'USAGE'
Usage: deploy.sh [OPTION]... [dev|staging|production]

Deploys the stacks of one environment (dev if none is given) in their order:
kms network storage security roles registry processing training endpoint alarms retraining monitor

  --project NAME            short name of the project; $PROJECT_NAME, else mlops
  --stack NAME              only this stack; may be repeated
  --parameter NAME=VALUE    for every stack that has this parameter; may be repeated
  --parameter STACK.NAME=VALUE
                            for one stack; what is not given keeps its value, at first its default
  --image-uri URI           image of jobs and endpoint, by digest; $IMAGE_URI
  --build-image             build templates/scripts, push it to the repository of the environment
                            and use the digest; a content that was pushed already is not built again
  --no-execute-changeset    make change sets and print them, and which image would replace which; change nothing
  --tag KEY=VALUE           one more tag on every stack and its resources; may be repeated
  --help                    this text

The region comes from $AWS_REGION, $AWS_DEFAULT_REGION or the configuration of the AWS CLI.
USAGE
}

say() { printf '%s\n' "$*" >&2; }
die() {
  say "deploy.sh: $*"
  exit 1
}

# What the AWS CLI prints when a query finds nothing is the word None. Taken for a value it would
# become the name of a key or a bucket, and the deployment would succeed with it.
require() {
  case $2 in
    '' | None | null) die "$1 was looked up and not found" ;;
  esac
}

# --------------------------------------------------------------------------------------------------
# Command line
# --------------------------------------------------------------------------------------------------

environment=
project=${PROJECT_NAME:-mlops}
image_uri=${IMAGE_URI:-}
build_image=false
execute=true
selected=
parameters=()
tags=()

while [ $# -gt 0 ]; do
  option=$1
  shift
  case $option in
    --project | --stack | --parameter | --image-uri | --tag)
      [ $# -gt 0 ] || die "$option needs a value"
      value=$1
      shift
      ;;
  esac
  case $option in
    --project) project=$value ;;
    --stack)
      printf '%s\n' "$stacks" | grep -q "^$value " || die "there is no stack $value; see --help"
      selected="$selected $value"
      ;;
    --parameter)
      case $value in
        *=*) parameters+=("$value") ;;
        *) die "--parameter $value is not of the form NAME=VALUE" ;;
      esac
      ;;
    --image-uri) image_uri=$value ;;
    --build-image) build_image=true ;;
    --no-execute-changeset) execute=false ;;
    --tag) tags+=("$value") ;;
    --help | -h)
      usage
      exit 0
      ;;
    dev | staging | production)
      [ -z "$environment" ] || die "$environment and $option: one environment at a time"
      environment=$option
      ;;
    *)
      usage >&2
      die "unknown argument $option"
      ;;
  esac
done
environment=${environment:-dev}
prefix=$project-$environment

# Whether a stack was asked for; all are if none was named.
wanted() {
  case " ${selected:-$1} " in
    *" $1 "*) return 0 ;;
    *) return 1 ;;
  esac
}

template_of() { printf '%s\n' "$stacks" | awk -v name="$1" '$1 == name { print $2 }'; }

# Whether a template has a parameter: a key two columns deep below Parameters.
has_parameter() {
  awk -v key="  $2:" '
    /^[A-Za-z]/ { inside = ($0 == "Parameters:") }
    inside && $0 == key { found = 1 }
    END { exit !found }
  ' "$here/$1"
}

# Whether --parameter was given for this name, for whatever stack.
given() {
  local parameter
  for parameter in ${parameters[@]+"${parameters[@]}"}; do
    case ${parameter%%=*} in
      "$1" | *."$1") return 0 ;;
    esac
  done
  return 1
}

# A misspelt name would be left out silently: each parameter must fit a stack.
for parameter in ${parameters[@]+"${parameters[@]}"}; do
  name=${parameter%%=*}
  fits=false
  while read -r suffix template _; do
    case $name in
      "$suffix".*) short=${name#*.} ;;
      *.*) continue ;;
      *) short=$name ;;
    esac
    if has_parameter "$template" "$short"; then fits=true; fi
  done <<<"$stacks"
  $fits || die "no stack has the parameter $name"
done

# --------------------------------------------------------------------------------------------------
# What is there already
# --------------------------------------------------------------------------------------------------

command -v aws >/dev/null || die 'the AWS CLI is not installed'
export AWS_PAGER=
region=${AWS_REGION:-${AWS_DEFAULT_REGION:-$(aws configure get region || true)}}
require 'the region' "$region"
export AWS_REGION=$region AWS_DEFAULT_REGION=$region

# A stack that only has a change set for its creation does not exist yet.
exists() {
  local status
  status=$(aws cloudformation describe-stacks --stack-name "$prefix-$1" \
    --query 'Stacks[0].StackStatus' --output text 2>/dev/null) || return 1
  [ "$status" != REVIEW_IN_PROGRESS ]
}

# An output of a stack of this environment.
output() {
  local value
  value=$(aws cloudformation describe-stacks --stack-name "$prefix-$1" \
    --query "Stacks[0].Outputs[?OutputKey=='$2'].OutputValue | [0]" --output text)
  require "output $2 of stack $prefix-$1" "$value"
  printf '%s\n' "$value"
}

# --------------------------------------------------------------------------------------------------
# One stack
# --------------------------------------------------------------------------------------------------

# deploy SUFFIX [NAME=VALUE]...: the values that this script has looked up. They come first, so that
# a --parameter of the same name wins.
deploy() {
  local suffix=$1 template capability parameter name changes
  shift
  template=$(template_of "$suffix")
  capability=$(printf '%s\n' "$stacks" | awk -v name="$suffix" '$1 == name { print $3 }')

  local overrides=("ProjectName=$project" "Environment=$environment" ${1+"$@"})
  for parameter in ${parameters[@]+"${parameters[@]}"}; do
    name=${parameter%%=*}
    case $name in
      "$suffix".*) overrides+=("${parameter#*.}") ;;
      *.*) ;;
      *) if has_parameter "$template" "$name"; then overrides+=("$parameter"); fi ;;
    esac
  done

  local options=(--no-fail-on-empty-changeset)
  if [ "$capability" != - ]; then options+=(--capabilities "$capability"); fi
  if ! $execute; then options+=(--no-execute-changeset); fi

  say "== $prefix-$suffix"
  # No tag that changes with every commit: it would put every resource into every change set.
  if ! changes=$(aws cloudformation deploy \
    --stack-name "$prefix-$suffix" \
    --template-file "$here/$template" \
    --parameter-overrides "${overrides[@]}" \
    --tags "Project=$project" "Environment=$environment" ${tags[@]+"${tags[@]}"} \
    "${options[@]}" 2>&1); then
    say "$changes"
    case $changes in
      # --no-fail-on-empty-changeset covers the answer of AWS; local stand-ins refuse the change set.
      *'No updates are to be performed'*) return ;;
    esac
    die "stack $prefix-$suffix failed; aws cloudformation describe-stack-events --stack-name $prefix-$suffix says why"
  fi
  say "$changes"
  $execute || show_change_set "$changes"
}

# The changes of a change set, one a line, from what "deploy --no-execute-changeset" printed.
show_change_set() {
  local arn
  arn=$(printf '%s\n' "$1" | sed -n 's/.*--change-set-name \(arn:[^ ]*\).*/\1/p')
  [ -n "$arn" ] || return 0
  aws cloudformation describe-change-set --change-set-name "$arn" --output text \
    --query 'Changes[].ResourceChange.[Action, LogicalResourceId, ResourceType, Replacement]'
}

# --------------------------------------------------------------------------------------------------
# What CloudFormation cannot do
# --------------------------------------------------------------------------------------------------

# EC2 creates it with the VPC and lets everything out. Nothing uses it, and nothing shall.
empty_default_security_group() {
  local vpc group direction flag rules
  vpc=$(output network VpcId)
  group=$(aws ec2 describe-security-groups \
    --filters "Name=vpc-id,Values=$vpc" Name=group-name,Values=default \
    --query 'SecurityGroups[0].GroupId' --output text)
  require "the default security group of $vpc" "$group"
  for direction in ingress egress; do
    flag=false
    if [ $direction = egress ]; then flag=true; fi
    rules=$(aws ec2 describe-security-group-rules --filters "Name=group-id,Values=$group" \
      --query "SecurityGroupRules[?IsEgress==\`$flag\`].SecurityGroupRuleId" --output text)
    case $rules in
      '' | None) continue ;;
    esac
    # shellcheck disable=SC2086 # a list of ids, to be split
    aws ec2 revoke-security-group-$direction --group-id "$group" --security-group-rule-ids $rules >/dev/null
    say "emptied the $direction rules of the default security group $group"
  done
}

s3_prefix_list() {
  local id
  id=$(aws ec2 describe-managed-prefix-lists \
    --filters "Name=prefix-list-name,Values=com.amazonaws.$region.s3" \
    --query 'PrefixLists[0].PrefixListId' --output text)
  require "the prefix list of S3 in $region" "$id"
  printf '%s\n' "$id"
}

# One environment of an account and region creates what exists only once in it. Told before anything
# fails half-way.
check_account_settings() {
  local group=/aws/sagemaker/ProcessingJobs found
  found=$(aws logs describe-log-groups --log-group-name-prefix $group --query 'length(logGroups)' --output text)
  if [ "$found" != 0 ]; then
    say "The log group $group exists. If another environment of this account has created it, give"
    say '--parameter OwnsAccountSettings=false. If SageMaker has, it has no key: export what is needed and'
    say 'delete it, together with /aws/sagemaker/TrainingJobs.'
    exit 1
  fi
}

# The bucket policies refuse objects to everybody outside the VPC; whoever runs this script uploads
# code from there. An assumed role is admitted under its own ARN, which has a path that the ARN of
# the session does not show.
administrator() {
  local caller role
  caller=$(aws sts get-caller-identity --query Arn --output text) || die 'AWS does not know who calls'
  case $caller in
    *:assumed-role/*)
      role=${caller#*:assumed-role/}
      aws iam get-role --role-name "${role%%/*}" --query Role.Arn --output text ||
        die "the ARN of role ${role%%/*} is unknown; give --parameter AdministratorArnPattern=ARN"
      ;;
    *)
      say "warning: $caller is no role. Unless --parameter AdministratorArnPattern=... names one, or"
      say '         --parameter RestrictToVpcEndpoint=false is given, uploads will be refused.'
      ;;
  esac
}

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -c 1-64
}

# key_of SCRIPT SUFFIX: the name that a script has in S3. It holds a hash of the content, because
# CloudFormation does not notice new content under an old name.
key_of() {
  local hash
  [ -f "$here/scripts/$1" ] || die "there is no $here/scripts/$1"
  hash=$(sha256 <"$here/scripts/$1")
  printf 'code/%s-%s%s\n' "${1%.py}" "$(printf '%s' "$hash" | cut -c 1-16)" "$2"
}

# upload FILE s3://BUCKET/KEY, unless it is there.
upload() {
  local place=${2#s3://}
  if aws s3api head-object --bucket "${place%%/*}" --key "${place#*/}" >/dev/null 2>&1; then return; fi
  aws s3 cp --only-show-errors "$1" "$2"
  say "uploaded $2"
}

# upload_function SCRIPT KEY: a function of one file, zipped, into the model bucket.
upload_function() {
  local folder bucket
  bucket=$(output storage ModelBucketName)
  folder=$(mktemp -d)
  if command -v zip >/dev/null; then
    (cd "$here/scripts" && zip -q -X "$folder/code.zip" "$1")
  else
    (cd "$here/scripts" && python3 -m zipfile -c "$folder/code.zip" "$1")
  fi
  upload "$folder/code.zip" "s3://$bucket/$2"
  rm -r "$folder"
}

# The tag of an image stands for what it is built from: a hash of templates/scripts.
content_tag() {
  (cd "$here/scripts" && find . -type f ! -path '*/__pycache__/*' ! -path '*/tests/*' ! -path './.*' | LC_ALL=C sort |
    while read -r file; do printf '%s %s\n' "$file" "$(sha256 <"$file")"; done | sha256 | cut -c 1-16)
}

build_and_push() {
  local repository tag digest
  repository=$(output storage ImageRepositoryUri) || exit 1
  tag=$(content_tag)
  digest=$(pushed "$repository" "$tag")
  if [ -z "$digest" ]; then
    # SageMaker takes neither an index of platforms nor attestations beside the image.
    if ! {
      docker build --platform linux/amd64 --provenance=false --tag "$repository:$tag" "$here/scripts" &&
        aws ecr get-login-password | docker login --username AWS --password-stdin "${repository%%/*}" &&
        docker push "$repository:$tag"
    } >&2; then
      die "the image $repository:$tag was not built and pushed"
    fi
    digest=$(pushed "$repository" "$tag")
    require "the image $repository:$tag" "$digest"
  fi
  printf '%s@%s\n' "$repository" "$digest"
}

# The digest of an image in the repository, or nothing.
pushed() {
  aws ecr describe-images --repository-name "${1#*/}" --image-ids "imageTag=$2" \
    --query 'imageDetails[0].imageDigest' --output text 2>/dev/null | grep '^sha256:' || true
}

# The part of a plan that no change set can show: which image the pipelines have, and which they would get. An image
# of this content that was pushed already is taken into the change sets; otherwise nobody knows its digest yet.
plan_image() {
  local now then repository tag digest
  now=$(aws cloudformation describe-stacks --stack-name "$prefix-processing" --output text \
    --query "Stacks[0].Parameters[?ParameterKey=='ImageUri'].ParameterValue | [0]" 2>/dev/null) || now=none
  then=$image_uri
  if [ -z "$then" ]; then
    repository=$(output storage ImageRepositoryUri) || exit 1
    tag=$(content_tag)
    digest=$(pushed "$repository" "$tag")
    if [ -n "$digest" ]; then
      image_uri=$repository@$digest
      then=$image_uri
    fi
  fi
  say "== image of $prefix"
  say "now:  $now"
  if [ -z "$then" ]; then
    say "then: $repository with the tag $tag, which is not there yet. The deployment builds and pushes it, and"
    say '      changes ImageUri of processing and training; the change sets below do not show that.'
  elif [ "$then" = "$now" ]; then
    say 'then: the same'
  else
    say "then: $then"
  fi
}

# --------------------------------------------------------------------------------------------------
# All stacks
# --------------------------------------------------------------------------------------------------

case $image_uri in
  '' | *@sha256:*) ;;
  *) die "the image $image_uri is not named by digest (...@sha256:...); a tag can be moved to other code" ;;
esac
for suffix in processing training; do
  if wanted $suffix && [ -z "$image_uri" ] && ! $build_image && ! exists $suffix; then
    die "stack $suffix needs an image: give --build-image, or --image-uri, or \$IMAGE_URI"
  fi
done

image_planned=false
# On descriptor 3, so that no command in the loop can eat the list.
while read -r suffix _ <&3; do
  wanted "$suffix" || continue
  known=true
  exists "$suffix" || known=false
  looked_up=()
  case $suffix in
    storage)
      if ! given AdministratorArnPattern; then
        arn=$(administrator)
        if [ -n "$arn" ]; then looked_up+=("AdministratorArnPattern=$arn"); fi
      fi
      ;;
    security)
      $known || given OwnsAccountSettings || check_account_settings
      list=$(s3_prefix_list)
      looked_up+=("S3PrefixListId=$list")
      ;;
    registry)
      key=$(key_of verify_model.py .zip)
      if $execute; then upload_function verify_model.py "$key"; fi
      looked_up+=("VerifierCodeKey=$key")
      ;;
    processing | training)
      if $build_image && $execute && [ -z "$image_uri" ]; then image_uri=$(build_and_push); fi
      if ! $execute && ! $image_planned && { $build_image || [ -n "$image_uri" ]; }; then
        plan_image
        image_planned=true
      fi
      if [ -n "$image_uri" ]; then looked_up+=("ImageUri=$image_uri"); fi
      ;;
    monitor)
      key=$(key_of drift.py .zip)
      preprocessor=$(key_of record_preprocessor.py .py)
      if $execute; then
        upload_function drift.py "$key"
        bucket=$(output storage DataBucketName)
        upload "$here/scripts/record_preprocessor.py" "s3://$bucket/monitoring/$preprocessor"
      fi
      looked_up+=("DriftCodeKey=$key" "PreprocessorKey=$preprocessor")
      ;;
  esac
  deploy "$suffix" ${looked_up[@]+"${looked_up[@]}"}
  if $execute && [ "$suffix" = network ]; then empty_default_security_group; fi
  if ! $execute && ! $known; then
    say "$prefix-$suffix does not exist yet. The stacks after it import from it, so there are no change sets for them."
    break
  fi
done 3<<<"$stacks"

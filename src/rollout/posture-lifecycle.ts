import type { LifecycleRule } from '../ports/object-store.ts';
import type { PostureFinding, PostureSubject } from './posture.ts';
import { mendBy } from './posture-mends.ts';

/** secrets/ has a backstop of one day in every form that an archive may linger in; state/ and bin/ have no end. */
export function lifecycleFindings({ aws, posture }: PostureSubject): readonly PostureFinding[] {
  if (Object.hasOwn(posture.unknown, 'GetBucketLifecycleConfiguration')) return [];
  const rules = posture.lifecycle.filter(rule => rule.enabled);
  const lacking = backstop(rules, `${aws.prefix}secrets/`, posture.versioning !== 'Off');
  const missing: PostureFinding = {
    code: 'STAGE_BUCKET_LIFECYCLE',
    severity: 'warning',
    message: `no lifecycle rule of ${aws.bucket} ends ${lacking.join(', ')} below ${aws.prefix}secrets/ after one day.`,
    hint: `add the rule; this puts firstboot’s rules in place of those there:\n${mendBy('lifecycle', aws)}`,
  };
  const ending = ['state/', 'bin/'].flatMap(folder => ends(rules, aws, folder));
  return lacking.length > 0 ? [...ending, missing] : ending;
}

function backstop(rules: readonly LifecycleRule[], prefix: string, versioned: boolean): readonly string[] {
  const over = rules.filter(rule => prefix.startsWith(rule.prefix));
  const within = (days: number | undefined) => days !== undefined && days <= 1;
  return [
    ...(over.some(rule => within(rule.days)) ? [] : ['archives']),
    ...(!versioned || over.some(rule => within(rule.noncurrentDays)) ? [] : ['old versions']),
    ...(over.some(rule => within(rule.abortUploadDays)) ? [] : ['broken uploads']),
  ];
}

/** Current objects that a rule ends: of state/ the journal and the lock, without which a rerun knows nothing. */
function ends(
  rules: readonly LifecycleRule[],
  { bucket, prefix }: PostureSubject['aws'],
  folder: string,
): readonly PostureFinding[] {
  const place = prefix + folder;
  const rule = rules.find(
    one => one.days !== undefined && (place.startsWith(one.prefix) || one.prefix.startsWith(place)),
  );
  if (!rule) return [];
  const what = folder === 'state/' ? 'the journal and the lock' : 'binaries that nodes fetch';
  return [
    {
      code: 'STAGE_BUCKET_LIFECYCLE',
      severity: folder === 'state/' ? 'error' : 'warning',
      message: `a lifecycle rule of ${bucket} (prefix “${rule.prefix}”) deletes ${what} below ${place} after ${rule.days} days.`,
      hint: `limit it to ${prefix}secrets/.`,
    },
  ];
}

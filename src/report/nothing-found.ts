/** Why a text has nothing of firstboot in it, as far as it shows, and what to do. */
export function nothingFound(text: string): { readonly problem: string; readonly hint: string } {
  const none = 'there is no line of the boot program in it';
  if (text.trim() === '')
    return {
      problem: 'it is empty',
      hint: 'EC2’s console output lags by minutes; `aws ec2 get-console-output --latest` asks for the newest, on Nitro instances. Try again soon.',
    };
  if (/^\s*\{\s*"(InstanceId|Timestamp)"/.test(text))
    return {
      problem: 'the answer of GetConsoleOutput has no output yet',
      hint: 'console output appears some minutes after the launch; `--latest` asks for the newest, on Nitro instances.',
    };
  if (text.includes('firstboot: {'))
    return {
      problem: 'its lines of the boot program are cut short or of another version',
      hint: 'give the whole console, or /var/lib/firstboot/report.json of the machine.',
    };
  if (/cloud-init\[\d+\]|Cloud-init v\./.test(text))
    return {
      problem: none,
      hint: 'cloud-init ran, but lines such as `firstboot: {"v": 1, …}` come only after it has written the files of user-data. Read the console again later; if they never come, the instance has other user-data, or cloud-init took it for no cloud-config.',
    };
  return {
    problem: none,
    hint: 'a serial console has lines such as `firstboot: {"v": 1, …}`, from cloud-init’s network stage on; without cloud-init in the image, or before that, there are none. A report.json is read too.',
  };
}

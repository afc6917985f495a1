import { finding } from '../../diagnostics/diagnostic.ts';
import type { ClusterRule } from '../context.ts';

/** Private keys and kubeconfigs are for root alone, keys in folders that may be closed to all others. */
export const bundleKeys: ClusterRule = ({ inputs }) =>
  (inputs.components ?? []).flatMap(({ file, identity }) =>
    identity.flatMap((entry, index) => {
      const { from, path, mode } = entry;
      const folder = path.slice(0, path.lastIndexOf('/')) || '/';
      const at = (field: string) => ({ file, path: ['identity', index, field] });
      const isOpen = (Number.parseInt(mode, 8) & 0o077) !== 0;
      if (from === 'kubeconfig') return isOpen ? [finding('BUNDLE_KUBECONFIG_MODE', at('mode'), { path, mode })] : [];
      if (from !== 'key') return [];
      return [
        ...(isOpen ? [finding('BUNDLE_KEY_MODE', at('mode'), { path, mode })] : []),
        ...(isShared(folder) ? [finding('BUNDLE_KEY_FOLDER', at('path'), { path, folder })] : []),
      ];
    }),
  );

/** Folders of the Filesystem Hierarchy Standard that other programs need to enter. */
const shared =
  /^\/(etc(\/(ssl|ssl\/certs|pki|systemd|systemd\/system|sysctl\.d|modules-load\.d|cni|cni\/net\.d|containerd))?|usr(\/.*)?|opt(\/cni(\/bin)?)?|var(\/(lib|log|cache|spool|opt))?|s?bin|lib|lib64|boot|home|srv|mnt|media)?$/;

function isShared(folder: string): boolean {
  return shared.test(folder);
}

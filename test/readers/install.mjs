import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'

/*
 * `npm run readers`: Python packages that read what is written for other tools, beside this file. Tests open files with them, and
 * say that they skip it where they are missing. WINDTUNNEL_REQUIRE_READERS=1 makes that a failure.
 */

const packages = ['perfetto==0.59.1', 'protobuf==6.33.2', 'tensorboard==2.20.0', 'numpy==2.3.5', 'absl-py==2.3.1']
const site = new URL('site/', import.meta.url).pathname

rmSync(site, { recursive: true, force: true })
execFileSync('python3', ['-m', 'pip', 'install', '--quiet', '--no-deps', '--disable-pip-version-check', '--target', site, ...packages], { stdio: 'inherit' })
console.log(`readers: ${packages.join(', ')}`)
